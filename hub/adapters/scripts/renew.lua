-- RENEW the leases of claimed subscriptions whose attempts are under way or wait for their turn.
-- KEYS[1] any key of the hub
-- ARGV[1] lane, ARGV[2] lease (ms), then ids

local at = int(now_ms() + tonumber(ARGV[2]))
for i = 3, #ARGV do redis.call('ZADD', key.due(ARGV[1]), 'XX', at, ARGV[i]) end
return 1
