-- LEASE: take, renew or give back the right to reconcile a source; one has it in the whole hub, and loses it by dying.
-- KEYS[1] any key of the hub
-- ARGV[1] source, ARGV[2] token, ARGV[3] for how long (ms); 0 gives it back
-- Answers 1 if it is (or was) the token's.

local at = key.reconciling(ARGV[1])
local holder = redis.call('GET', at)
if holder and holder ~= ARGV[2] then return 0 end
if ARGV[3] == '0' then redis.call('DEL', at) else redis.call('SET', at, ARGV[2], 'PX', ARGV[3]) end
return 1
