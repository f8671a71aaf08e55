-- RENEW the leases of claims whose attempts are under way or wait for their turn.
-- KEYS[1] any key of the hub
-- ARGV[1] lane, ARGV[2] lease (ms), then id, claim, ...

local at = int(now_ms() + tonumber(ARGV[2]))
for i = 3, #ARGV, 2 do
  local _, claim = out_of(ARGV[i])
  if claim == ARGV[i + 1] then redis.call('ZADD', key.due(ARGV[1]), 'XX', at, ARGV[i]) end
end
return 1
