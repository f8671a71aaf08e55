-- COMMIT all formats of a feed at a version, if it is newer than what is built. Refused or not, the feed is then off
-- `dirty` if it is fresh, else due.
-- KEYS[1] any key of the hub
-- ARGV[1] feed number, ARGV[2] seq, ARGV[3] render, ARGV[4] labels (the version), ARGV[5] debounce (ms),
-- ARGV[6] notify interval (ms), ARGV[7] ids of entries that could not be rendered (JSON), ARGV[8] maker (the process),
-- then per format: format, hash, and either '', gzip or the hash of the document that it had committed before, and the patch
-- that makes the new one of it (hub/patches.py): it is put behind those that are there, and readers apply them in order
-- Answers 1 if it was taken; -1, and does nothing, if a patch was made for
-- another document than the one that is here.

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

local version, maker, modified = table.concat({int(seq), int(render), int(labels)}, ' '), ARGV[8], int(math.floor(now / 1000))

-- What fronts that hold the document before need not fetch: up to 16 KB in all.
local told, room = {}, 16384
local function tell(format, base, etag, patch)
  room = room - #patch
  if room < 0 then return end
  told[#told + 1] = format
  told[#told + 1] = table.concat({version, maker, base, etag, modified, patch}, '\n')
end

-- A document whose bytes did not change keeps its validators: readers need not fetch it again.
local function write(format, digest, base, body, old)
  if old.hash ~= digest then
    local etag, name, patches = 'W/"' .. int(seq) .. '-' .. digest .. '"', 'gzip', tonumber(old.patches or '0')
    if base ~= '' then
      tell(format, old.etag, etag, body)
      patches = patches + 1
      name = 'patch' .. patches
    else
      for i = 1, patches do redis.call('HDEL', key.document(n, format), 'patch' .. i) end
      patches = 0
    end
    redis.call('HSET', key.document(n, format), 'hash', digest, name, body, 'etag', etag, 'modified', modified,
      'maker', maker, 'patches', patches)
  end
  redis.call('HSET', key.document(n, format), 'version', version)
end

local taken = newer(f.built)
if taken then
  local old = {}
  for i = 9, #ARGV, 4 do
    local o, base = hash(key.document(n, ARGV[i]), 'hash', 'etag', 'maker', 'patches'), ARGV[i + 2]
    if base ~= '' and o.hash ~= ARGV[i + 1] and (o.hash ~= base or o.maker ~= maker) then return -1 end
    old[i] = o
  end
  for i = 9, #ARGV, 4 do write(ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], old[i]) end
  f.built = version
  redis.call('HSET', key.feed(n), 'built', f.built, 'skipped', ARGV[7])
  redis.call('HDEL', key.feed(n), 'fails', 'error')
  if ARGV[7] ~= '[]' then redis.call('SADD', key.troubled, n) end
  announce(n, seq, false, told)
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
mark_telling(n, ARGV[6])
return 1
