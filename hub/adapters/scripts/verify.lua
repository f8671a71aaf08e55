-- VERIFY: what came of a verification of intent. A request that was replaced meanwhile is verified anew by itself.
-- KEYS[1] any key of the hub
-- ARGV[1] id, ARGV[2] token, ARGV[3] outcome: verified, failed, or the delay (ms) of another try,
-- ARGV[4] record of the subscription (JSON array as in subs.lua; empty: unsubscribe), ARGV[5] attempt (JSON),
-- ARGV[6] attempts kept, ARGV[7] notify interval (ms)
-- Answers 1 if somebody is to be told now.

local id = ARGV[1]
local i = hash(key.intent(id), 'token', 'seq', 'host')
if i.token ~= ARGV[2] then return 0 end
if tonumber(ARGV[3]) then
  redis.call('HINCRBY', key.intent(id), 'tries', 1)
  redis.call('ZADD', key.verifying, int(now_ms() + tonumber(ARGV[3])), id)
  return 0
end
redis.call('DEL', key.intent(id))
redis.call('ZREM', key.verifying, id)
redis.call('ZREM', key.pending_host(i.host), id)
local active = read_sub(id)
if ARGV[3] == 'failed' then
  if active then log_attempt(id, ARGV[5], tonumber(ARGV[6])) end
  return 0
end
if ARGV[4] == '' then
  drop_sub(id)
  return 0
end
local r, told = unpack_sub(ARGV[4]), false
if active then  -- a renewal overrides secret and lease, and never moves the cursor
  r.lane, r.failures, r.since, r.paused = active.lane, active.failures, active.since, active.paused
  write_sub(id, r)
else
  redis.call('HINCRBY', key.feed(r.feed), 'subs', 1)  -- an origin that has none is read no more
  told = place(id, r, tonumber(i.seq), ARGV[7])
end
redis.call('ZADD', key.leases, int(r.lease), id)
log_attempt(id, ARGV[5], tonumber(ARGV[6]))
return told and 1 or 0
