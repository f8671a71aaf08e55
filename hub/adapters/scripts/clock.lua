-- CLOCK: keep how far a machine's clock is ahead of this one; forget machines that have not said so for ten minutes.
-- KEYS[1] any key of the hub
-- ARGV[1] machine, ARGV[2] its time (ms)

local now = now_ms()
redis.call('HSET', key.clocks, ARGV[1], int(tonumber(ARGV[2]) - now) .. ' ' .. int(now))
local all = redis.call('HGETALL', key.clocks)
for i = 1, #all, 2 do
  local at = tonumber(string.match(all[i + 1], '(%d+)$'))
  if at < now - 600000 then redis.call('HDEL', key.clocks, all[i]) end
end
return 1
