-- CLAIM due feeds under a token for `lease` ms; without a COMMIT by then they are due again. The same token gets the same
-- claim. A feed whose last claim ended without a commit is claimed alone, so that one which kills its process takes no
-- other with it; from the third on it is in quarantine, and the lease is a growing delay.
-- KEYS[1] any key of the hub
-- ARGV[1] token, ARGV[2] how many at most, ARGV[3] lease (ms), ARGV[4] first and ARGV[5] longest delay of a quarantine (ms)
-- Answers {1 if more is due, feed number, ...}.

local answer = redis.call('GET', key.claim(ARGV[1]))
if answer then return cjson.decode(answer) end

local now, most, lease = now_ms(), tonumber(ARGV[2]), tonumber(ARGV[3])
local claim = {0}

local function take_on(n, fails)
  local wait = lease
  if fails >= 2 then wait = math.max(lease, math.min(tonumber(ARGV[4]) * 2 ^ (fails - 2), tonumber(ARGV[5]))) end
  redis.call('ZREM', key.stale, n)
  redis.call('ZADD', key.dirty, int(now + wait), n)
  redis.call('HSET', key.feed(n), 'fails', int(fails + 1), 'claimed', int(now))
  if fails >= 2 then redis.call('SADD', key.troubled, n) end
  claim[#claim + 1] = n
end

local function take_from(due)
  for _, n in ipairs(due) do
    local f = hash(key.feed(n), 'state', 'fails')
    local fails = tonumber(f.fails or '0')
    if f.state ~= 'live' then
      redis.call('ZREM', key.dirty, n)
      redis.call('ZREM', key.stale, n)
    elseif #claim > most or (fails > 0 and #claim > 1) then
      claim[1] = 1
    else
      take_on(n, fails)
      if fails > 0 then most = 1 end
    end
  end
end

take_from(redis.call('ZRANGEBYSCORE', key.dirty, '-inf', int(now), 'LIMIT', 0, most + 1))
if #claim == 1 then take_from(redis.call('ZRANGE', key.stale, 0, most)) end
if redis.call('EXISTS', key.stale) == 1 then claim[1] = 1 end
redis.call('SET', key.claim(ARGV[1]), cjson.encode(claim), 'PX', math.max(lease, 10000))
return claim
