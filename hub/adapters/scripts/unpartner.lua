-- UNPARTNER: revoke all keys of a partner, and end its webhooks, in one step: nothing is told to it after this.
-- KEYS[1] any key of the hub
-- ARGV[1] id
-- Answers 1 if there was one.

for _, hook in ipairs(redis.call('SMEMBERS', key.partner_webhooks(ARGV[1]))) do drop_webhook(hook) end
redis.call('DEL', key.partner_webhooks(ARGV[1]), key.last_uses(ARGV[1]))
redis.call('SET', key.partners_version, int(stamp()))
return redis.call('HDEL', key.partners, ARGV[1])
