-- LOOKED: what came of reading a URL, and when to read it again; a ping that came meanwhile has it read sooner.
-- KEYS[1] any key of the hub
-- ARGV[1] id, ARGV[2] token under which it was taken, ARGV[3] delay (ms; empty: it has ended), ARGV[4] ms between two reads
-- that pings cause, then fields and values
-- Answers 1; 0, and changes nothing, if somebody else has taken it since.

local id, now = ARGV[1], now_ms()
local w = hash(key.remote(id), 'token', 'asked', 'pinged')
if w.token ~= ARGV[2] then return 0 end
if ARGV[3] == '' then
  forget(id, true)
  local n = origin_of(id)
  if n then redis.call('ZADD', key.telling, int(now), n) end
  return 1
end
local due = now + tonumber(ARGV[3])
if w.pinged then due = math.min(due, math.max(now, tonumber(w.asked) + tonumber(ARGV[4]))) end
redis.call('HSET', key.remote(id), unpack(ARGV, 5))
redis.call('HDEL', key.remote(id), 'reading')
redis.call('ZADD', key.remotes, int(due), id)
return 1
