-- COMMIT all formats of a feed at a version, if it is newer than what is built. Refused or not, the feed is then off
-- `dirty` if it is fresh, else due.
-- KEYS[1] any key of the hub
-- ARGV[1] feed number, ARGV[2] seq, ARGV[3] render, ARGV[4] labels (the version), ARGV[5] debounce (ms),
-- ARGV[6] notify interval (ms), ARGV[7] ids of entries that could not be rendered (JSON), then per format: format, hash, gzip
-- Answers 1 if it was taken, 2 if in addition somebody is to be told now.

local n, seq, render, labels = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local now = now_ms()
local f = hash(key.feed(n), 'state', 'seq', 'built', 'need', 'claimed')
if f.state ~= 'live' then
  redis.call('ZREM', key.dirty, n)
  return 0
end

local function newer(built)
  if not built then return true end
  local b = {}
  for part in string.gmatch(built, '%d+') do b[#b + 1] = tonumber(part) end
  if seq ~= b[1] then return seq > b[1] end
  if render ~= b[2] then return render > b[2] end
  return labels > b[3]
end

-- A document whose bytes did not change keeps its validators: readers need not fetch it again.
local function write(format, digest, body)
  local old = hash(key.document(n, format), 'hash', 'etag')
  if old.hash ~= digest then
    redis.call('HSET', key.document(n, format), 'hash', digest, 'gzip', body,
      'etag', 'W/"' .. int(seq) .. '-' .. digest .. '"', 'modified', int(math.floor(now / 1000)))
  end
  redis.call('HSET', key.document(n, format), 'version', table.concat({int(seq), int(render), int(labels)}, ' '))
end

local taken = newer(f.built)
if taken then
  for i = 8, #ARGV, 3 do write(ARGV[i], ARGV[i + 1], ARGV[i + 2]) end
  f.built = table.concat({int(seq), int(render), int(labels)}, ' ')
  redis.call('HSET', key.feed(n), 'built', f.built, 'skipped', ARGV[7])
  redis.call('HDEL', key.feed(n), 'fails', 'error')
  if ARGV[7] ~= '[]' then redis.call('SADD', key.troubled, n) end
  announce(n, seq, false)
end

local b_seq, b_render, b_labels = string.match(f.built, '(%d+) (%d+) (%d+)')
local current = tonumber(redis.call('GET', key.render) or '0')
if tonumber(b_seq) < tonumber(f.seq) then
  redis.call('ZADD', key.dirty, int(math.max(now, tonumber(f.claimed or '0') + tonumber(ARGV[5]))), n)
else
  redis.call('ZREM', key.dirty, n)
  redis.call('HDEL', key.feed(n), 'fails', 'error')
  if (redis.call('HGET', key.feed(n), 'skipped') or '[]') == '[]' then redis.call('SREM', key.troubled, n) end
end
-- Rendered before a name changed: again, when nothing is dirty. By a worker of older settings: give a newer one time.
if tonumber(b_render) < current then
  redis.call('ZADD', key.stale, 'NX', int(now + 2000), n)
elseif tonumber(b_labels) < tonumber(f.need or '0') then
  redis.call('ZADD', key.stale, 'NX', int(now), n)
end
if not taken then return 0 end
return mark_telling(n, ARGV[6]) and 2 or 1
