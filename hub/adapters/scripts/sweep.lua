-- SWEEP tombstones past their keep from one feed's log; the highest dropped seq becomes its floor: a cursor below it can't
-- be served any more and is told so.
-- KEYS[1] any key of the hub
-- ARGV[1] keep (ms), ARGV[2] how many directory rows to look at, ARGV[3] directory row to go on from ('' first)
-- Answers the row to go on from, '' at the end.

local limit = clock_us() - tonumber(ARGV[1]) * 1000
local from = ARGV[3] == '' and '-' or '(' .. ARGV[3]
local rows = redis.call('ZRANGEBYLEX', key.directory, from, '+', 'LIMIT', 0, tonumber(ARGV[2]))
for _, at in ipairs(rows) do
  local n = redis.call('HGET', key.slugs, at)
  local old = redis.call('ZRANGEBYSCORE', key.gone(n), '-inf', int(limit), 'WITHSCORES', 'LIMIT', 0, 1000)
  for i = 1, #old, 2 do
    redis.call('ZREM', key.gone(n), old[i])
    redis.call('ZREM', key.log(n), old[i])
    redis.call('ZREM', key.quiet(n), old[i])
    redis.call('HSET', key.feed(n), 'floor', old[i + 1])
  end
end
return #rows == tonumber(ARGV[2]) and rows[#rows] or ''
