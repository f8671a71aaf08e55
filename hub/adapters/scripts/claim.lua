-- CLAIM due feeds under a token for `lease` ms, and SNAPSHOT them. First of all the queue's pending flag goes down: an event
-- after this rings anew. Without a COMMIT by the lease's end a feed is due again. The same token gets the same claim. A
-- feed whose last claim ended without a commit is claimed alone, so that one which kills its process takes no other with
-- it; from the third on it is in quarantine, and the lease is a growing delay.
-- KEYS[1] any key of the hub
-- ARGV[1] token, ARGV[2] how many at most, ARGV[3] lease (ms), ARGV[4] first and ARGV[5] longest delay of a quarantine (ms),
-- ARGV[6] queue, ARGV[7] feed size, ARGV[8] seq up to which the worker knows entries (0: it will ask for what it lacks)
-- Answers {1 if more is due, {feed number, snapshot, ...}, {entry, revision, data, refs, ...} changed after what it knows}.

redis.call('DEL', key.pending(ARGV[6]))
local now, most, lease = now_ms(), tonumber(ARGV[2]), tonumber(ARGV[3])

local function take_on(n, fails)
  local wait = lease
  if fails >= 2 then
    wait = math.max(lease, math.min(tonumber(ARGV[4]) * 2 ^ (fails - 2), tonumber(ARGV[5])))
    redis.call('SADD', key.troubled, n)
  end
  redis.call('ZREM', key.stale, n)
  redis.call('ZADD', key.dirty, int(now + wait), n)
  redis.call('HSET', key.feed(n), 'fails', int(fails + 1), 'claimed', int(now))
end

local render = tonumber(redis.call('GET', key.render) or '0')

-- Built meanwhile, for another reason.
local function fresh(f)
  local seq, made, labels = string.match(f.built or '', '(%d+) (%d+) (%d+)')
  return seq == f.seq and tonumber(made) >= render and tonumber(labels) >= tonumber(f.need or '0')
end

local function take_from(due, claim)
  for _, n in ipairs(due) do
    local f = hash(key.feed(n), 'state', 'fails', 'built', 'seq', 'need')
    local fails = tonumber(f.fails or '0')
    if f.state ~= 'live' or fresh(f) then
      redis.call('ZREM', key.dirty, n)
      redis.call('ZREM', key.stale, n)
    elseif #claim.feeds >= most or (fails > 0 and #claim.feeds > 0) then
      claim.more = 1
    else
      take_on(n, fails)
      claim.feeds[#claim.feeds + 1] = n
      if fails > 0 then most = 1 end
    end
  end
end

local function take()
  local claim = {more = 0, feeds = {}}
  take_from(redis.call('ZRANGEBYSCORE', key.dirty, '-inf', int(now), 'LIMIT', 0, most + 1), claim)
  if #claim.feeds == 0 then
    take_from(redis.call('ZRANGEBYSCORE', key.stale, '-inf', int(now), 'LIMIT', 0, most + 1), claim)
  end
  if redis.call('ZCOUNT', key.stale, '-inf', int(now)) > 0 then claim.more = 1 end
  if #claim.feeds > 0 then redis.call('SET', key.claim(ARGV[1]), cjson.encode(claim), 'PX', math.max(lease, 10000)) end
  return claim
end

local kept = redis.call('GET', key.claim(ARGV[1]))
local claim = kept and cjson.decode(kept) or take()

local fresh, send = sender(tonumber(ARGV[8]))
local snapshots = {}
for _, n in ipairs(claim.feeds) do
  snapshots[#snapshots + 1] = n
  snapshots[#snapshots + 1] = snapshot(n, tonumber(ARGV[7]), send, tonumber(ARGV[7]))
end
return {claim.more, snapshots, fresh}
