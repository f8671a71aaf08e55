-- TOLD: settle deliveries of one feed up to one seq to subscriptions without trouble, before and now: all that is written is
-- cursors and attempts, so no record is read. One whose subscription is not under that claim any more changes nothing. A cursor never goes back.
-- KEYS[1] any key of the hub
-- ARGV[1] notify interval (ms), ARGV[2] feed number, ARGV[3] seq, ARGV[4] attempts kept, then id, claim, attempt (JSON), ...
-- Answers 1 if somebody is to be told now.

local n, seq, keep = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local ids, done, cursors, seen = {}, {}, {}, {}
for i = 5, #ARGV, 3 do ids[#ids + 1] = ARGV[i] end
for i, own in ipairs(redis.call('HMGET', key.out, unpack(ids))) do
  local cursor, claim = read_out(own)
  if claim == ARGV[3 * i + 3] and not seen[ids[i]] then
    seen[ids[i]] = true
    log_attempt(ids[i], ARGV[3 * i + 4], keep)
    done[#done + 1] = ids[i]
    cursors[#cursors + 1], cursors[#cursors + 2] = int(math.max(tonumber(cursor), seq)), ids[i]
  end
end
if #done == 0 then return 0 end
redis.call('ZREM', key.due('fast'), unpack(done))
redis.call('HDEL', key.out, unpack(done))
redis.call('ZADD', key.cursors(n), unpack(cursors))
return mark_again(n, ARGV[1]) and 1 or 0
