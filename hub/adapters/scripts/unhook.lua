-- UNHOOK: remove a webhook and its subscriptions.
-- KEYS[1] any key of the hub
-- ARGV[1] id
-- Answers 1 if there was one.

for _, n in ipairs(csv(redis.call('HGET', key.webhook(ARGV[1]), 'feeds') or '')) do drop_sub(ARGV[1] .. '.' .. n) end
redis.call('ZREM', key.webhooks, ARGV[1])
return redis.call('DEL', key.webhook(ARGV[1]))
