-- WEBHOOK: create or change one; its subscriptions are made to match its feeds. A new one starts at its feed's present seq.
-- KEYS[1] any key of the hub
-- ARGV[1] id, ARGV[2] the webhook (JSON, opaque), ARGV[3] 1 if paused, ARGV[4] notify interval (ms), then feed numbers

local id, paused, wanted = ARGV[1], tonumber(ARGV[3]), {}
for i = 5, #ARGV do wanted[ARGV[i]] = true end
local was = csv(redis.call('HGET', key.webhook(id), 'feeds') or '')
for _, n in ipairs(was) do
  if not wanted[n] then drop_sub(id .. '.' .. n) end
end
for n in pairs(wanted) do
  local sub = id .. '.' .. n
  local r = read_sub(sub)
  if not r then
    r = {channel = 'webhook', feed = n, format = '', callback = id, topic = '', secret = '', algorithm = '', lease = 0, lane = 'fast',
      failures = 0, since = 0, generation = 0, cursor = '', paused = paused, refused = '', refused_since = 0}
    place(sub, r, tonumber(redis.call('HGET', key.feed(n), 'seq')), ARGV[4])
    redis.call('ZADD', key.leases, '+inf', sub)
  elseif r.paused ~= paused then
    local cursor = cursor_of(sub, r)
    lift(sub, r)
    r.paused, r.generation = paused, r.generation + 1
    if paused == 0 then r.lane, r.failures, r.since = 'fast', 0, 0 end
    place(sub, r, cursor, ARGV[4])
  end
end
redis.call('HSET', key.webhook(id), 'body', ARGV[2], 'feeds', table.concat(ARGV, ',', 5))
redis.call('ZADD', key.webhooks, 0, id)
return 1
