-- RELEASE a claim that failed without dying: say why, and have it due again after a delay (its failures were counted at
-- the claim; in quarantine the longer delay stays).
-- KEYS[1] any key of the hub
-- ARGV[1] feed number, ARGV[2] delay (ms), ARGV[3] the error, ARGV[4] failures from which a feed is in quarantine

local n = ARGV[1]
redis.call('HSET', key.feed(n), 'error', ARGV[3])
if tonumber(redis.call('HGET', key.feed(n), 'fails') or '0') < tonumber(ARGV[4]) then
  redis.call('ZADD', key.dirty, 'XX', int(now_ms() + tonumber(ARGV[2])), n)
end
return 1
