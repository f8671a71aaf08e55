-- UNHOOK: remove a webhook and its subscriptions.
-- KEYS[1] any key of the hub
-- ARGV[1] id
-- Answers 1 if there was one.

return drop_webhook(ARGV[1])
