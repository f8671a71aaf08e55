-- REPLAY: set a subscription's cursor, back or forward (to the feed's last change at most); what is under way for it counts no more.
-- KEYS[1] any key of the hub
-- ARGV[1] id, ARGV[2] seq, ARGV[3] notify interval (ms)
-- Answers 0 if there is none, 2 if somebody is to be told now, else 1.

local r = read_sub(ARGV[1])
if not r then return 0 end
lift(ARGV[1], r)
r.failures, r.since, r.refused, r.refused_since, r.lane = 0, 0, '', 0, 'fast'
local head = tonumber(redis.call('HGET', key.feed(r.feed), 'seq'))
return place(ARGV[1], r, math.min(tonumber(ARGV[2]), head), ARGV[3]) and 2 or 1
