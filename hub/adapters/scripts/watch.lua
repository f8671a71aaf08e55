-- WATCH: be the one that watches for problems, or go on to be; nobody else is for so long.
-- KEYS[1] any key of the hub
-- ARGV[1] token, ARGV[2] ms
-- Answers 1 if it is.

local holder = redis.call('GET', key.watch)
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', key.watch, ARGV[1], 'PX', ARGV[2])
return 1
