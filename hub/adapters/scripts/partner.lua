-- PARTNER: create or change one. What its webhooks are told of feeds that it may open no more ends with it; a webhook that
-- has no other feed ends, too.
-- KEYS[1] any key of the hub
-- ARGV[1] id, ARGV[2] the partner (JSON), ARGV[3] what it was ('' a new one)
-- Answers 0 if it is not what it was: somebody else changed it meanwhile.

local id, stored = ARGV[1], redis.call('HGET', key.partners, ARGV[1]) or ''
if stored == ARGV[2] then return 1 end
if stored ~= ARGV[3] then return 0 end

local open = opened(ARGV[2])

local function narrow(hook)
  local kept = {}
  for _, n in ipairs(csv(redis.call('HGET', key.webhook(hook), 'feeds'))) do
    if open[n] then kept[#kept + 1] = n else drop_sub(hook .. '.' .. n) end
  end
  if #kept == 0 then return drop_webhook(hook) end
  redis.call('HSET', key.webhook(hook), 'feeds', table.concat(kept, ','))
end

if open then
  for _, hook in ipairs(redis.call('SMEMBERS', key.partner_webhooks(id))) do narrow(hook) end
end
redis.call('HSET', key.partners, id, ARGV[2])
redis.call('SET', key.partners_version, int(stamp()))
return 1
