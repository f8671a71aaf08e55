-- RECONCILED: keep how far a source's reconciles have come, and take down what called for this one, unless it called anew.
-- KEYS[1] any key of the hub
-- ARGV[1] source, ARGV[2] token, ARGV[3] progress (JSON, opaque), then field, value, ... of the hash `hooks`
-- Answers 1 if the token still has the lease; else nothing is written.

if redis.call('GET', key.reconciling(ARGV[1])) ~= ARGV[2] then return 0 end
redis.call('HSET', key.reconciles, ARGV[1], ARGV[3])
for i = 4, #ARGV, 2 do
  if redis.call('HGET', key.hooks, ARGV[i]) == ARGV[i + 1] then redis.call('HDEL', key.hooks, ARGV[i]) end
end
return 1
