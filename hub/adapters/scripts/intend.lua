-- INTEND: keep a WebSub request until its intent is verified. A later one for the same subscription replaces it; what is
-- active does not change. To unsubscribe what is not subscribed is nothing to verify.
-- KEYS[1] any key of the hub
-- ARGV[1] subscription id, ARGV[2] feed number, ARGV[3] mode, ARGV[4] the request (JSON, opaque), ARGV[5] callback's host,
-- ARGV[6] most pending requests a host, ARGV[7] how long it is kept (ms)
-- Answers 1 if it is kept or needs no verification, 0 if that host has too many.

local id, now, keep = ARGV[1], now_ms(), tonumber(ARGV[7])
if ARGV[3] == 'unsubscribe' and redis.call('EXISTS', key.sub(id)) == 0 then
  redis.call('DEL', key.intent(id))  -- a subscribe request that is still pending is withdrawn
  redis.call('ZREM', key.verifying, id)
  return 1
end
local host = key.pending_host(ARGV[5])
redis.call('ZREMRANGEBYSCORE', host, '-inf', int(now))
if redis.call('ZCARD', host) >= tonumber(ARGV[6]) and not redis.call('ZSCORE', host, id) then return 0 end
redis.call('ZADD', host, int(now + keep), id)
redis.call('PEXPIRE', host, int(keep))
-- A new subscription starts at the seq of its accepted request.
redis.call('HSET', key.intent(id), 'body', ARGV[4], 'seq', redis.call('HGET', key.feed(ARGV[2]), 'seq') or '0',
  'token', int(stamp()), 'tries', 0, 'host', ARGV[5])
redis.call('PEXPIRE', key.intent(id), int(keep))
redis.call('ZADD', key.verifying, int(now), id)
return 1
