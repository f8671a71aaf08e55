-- OWED: what the pump needs to know, in one read.
-- KEYS[1] any key of the hub
-- ARGV[1] the asking worker, to be kept as alive; or empty
-- Answers {ms until something is due (-1: nothing ever), ms that the oldest dirty feed is overdue, 1 if a chore is left,
--          1 if an entry's time has come}.

local now = now_ms()
if ARGV[1] ~= '' then
  redis.call('ZADD', key.alive, int(now), ARGV[1])
  redis.call('ZREMRANGEBYSCORE', key.alive, '-inf', int(now - 60000))
end
local function first(zset)
  local row = redis.call('ZRANGE', zset, 0, 0, 'WITHSCORES')
  return row[2] and tonumber(row[2]) or nil
end
local dirty, turn = first(key.dirty), first(key.scheduled)
local wait = -1
for _, at in ipairs({dirty or false, turn or false, first(key.stale) or false}) do
  if at then wait = wait < 0 and math.max(0, at - now) or math.min(wait, math.max(0, at - now)) end
end
return {wait, dirty and math.max(0, now - dirty) or 0, redis.call('EXISTS', key.chores), (turn and turn <= now) and 1 or 0}
