-- OWED: what the pump needs to know, in one read.
-- KEYS[1] any key of the hub
-- ARGV[1] the asking worker, to be kept as alive; or empty; ARGV[2] the lanes, comma separated
-- Answers {ms until feeds are due (-1: nothing ever), ms that the oldest dirty feed is overdue, 1 if a chore is left,
--          1 if an entry's time has come, ms until somebody is to be told or verified (-1: nobody ever),
--          ms that this is overdue, 1 if a lease has ended}.

local now = now_ms()
if ARGV[1] ~= '' then
  redis.call('ZADD', key.alive, int(now), ARGV[1])
  redis.call('ZREMRANGEBYSCORE', key.alive, '-inf', int(now - 60000))
end

local function first(zset)
  local row = redis.call('ZRANGE', zset, 0, 0, 'WITHSCORES')
  return row[2] and tonumber(row[2]) or math.huge
end

local function wait_until(at) return at == math.huge and -1 or math.max(0, at - now) end
local function overdue_since(at) return at == math.huge and 0 or math.max(0, now - at) end

local dirty, turn, tell = first(key.dirty), first(key.scheduled), math.min(first(key.telling), first(key.verifying))
for _, lane in ipairs(csv(ARGV[2])) do tell = math.min(tell, first(key.due(lane))) end
return {
  wait_until(math.min(dirty, turn, first(key.stale))), overdue_since(dirty), redis.call('EXISTS', key.chores),
  turn <= now and 1 or 0, wait_until(tell), overdue_since(tell), first(key.leases) <= now and 1 or 0,
}
