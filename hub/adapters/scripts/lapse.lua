-- LAPSE: remove subscriptions whose lease has ended.
-- KEYS[1] any key of the hub
-- ARGV[1] how many at most
-- Answers how many.

local over = redis.call('ZRANGEBYSCORE', key.leases, '-inf', int(now_ms()), 'LIMIT', 0, tonumber(ARGV[1]))
for _, id in ipairs(over) do
  if not drop_sub(id) then redis.call('ZREM', key.leases, id) end
end
return #over
