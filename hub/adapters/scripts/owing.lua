-- CLAIM-SUBSCRIBERS: take subscriptions of one lane for `lease` ms: first those whose next attempt is due, then idle ones
-- behind their feed's documents. Those that belong to another lane are due there. A round of a feed ends where nobody is
-- below what its documents showed when the round began; the next one is `interval` ms after that. The same token gets the same claim.
-- First of all the queue's pending flag goes down.
-- KEYS[1] any key of the hub
-- ARGV[1] token, ARGV[2] lane, ARGV[3] how many at most, ARGV[4] lease (ms), ARGV[5] notify interval (ms), ARGV[6] queue
-- Answers {1 if another lane has got work, id, record, the seq up to which it can be told, ...}.

redis.call('DEL', key.pending(ARGV[6]))
local now, lane, most, lease = now_ms(), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local ids, records, others = {}, {}, 0

local function take(id, r, cursor)
  if r.lease > 0 and r.lease <= now then return drop_sub(id) end
  if r.lane == lane then
    place_due(id, r, cursor, now + lease)
    ids[#ids + 1] = id
    records[id] = r
  else
    place_due(id, r, cursor, now)
    others = 1
  end
end

local function take_due()
  local due = redis.call('ZRANGEBYSCORE', key.due(lane), '-inf', int(now), 'LIMIT', 0, most)
  for _, id in ipairs(due) do
    local r = read_sub(id)
    if r then take(id, r, tonumber(r.cursor)) else redis.call('ZREM', key.due(lane), id) end
  end
end

local function take_idle(n)
  local target = tonumber(redis.call('HGET', key.feed(n), 'target') or '')
  if not target then
    target = limit_of(n)
    redis.call('HSET', key.feed(n), 'target', int(target), 'told', int(now))
  end
  local room = most - #ids
  local rows = redis.call('ZRANGEBYSCORE', key.cursors(n), '-inf', '(' .. int(target), 'WITHSCORES', 'LIMIT', 0, room)
  for i = 1, #rows, 2 do
    local r = read_sub(rows[i])
    redis.call('ZREM', key.cursors(n), rows[i])
    if r then take(rows[i], r, tonumber(rows[i + 1])) end
  end
  if #rows < 2 * room then
    redis.call('HDEL', key.feed(n), 'target')
    redis.call('ZREM', key.telling, n)
    mark_telling(n, ARGV[5])
  end
end

local kept = redis.call('GET', key.claim(ARGV[1]))
if kept then
  ids = cjson.decode(kept)
else
  take_due()
  for _, n in ipairs(redis.call('ZRANGEBYSCORE', key.telling, '-inf', int(now), 'LIMIT', 0, most)) do
    if #ids >= most then break end
    take_idle(n)
  end
  if #ids > 0 then redis.call('SET', key.claim(ARGV[1]), cjson.encode(ids), 'PX', int(lease)) end
end

local answer, limits = {others}, {}
for _, id in ipairs(ids) do
  local text = redis.call('GET', key.sub(id))
  local r = records[id] or (text and unpack_sub(text))
  if r then
    limits[r.feed] = limits[r.feed] or int(limit_of(r.feed))
    for _, part in ipairs({id, text, limits[r.feed]}) do answer[#answer + 1] = part end
  end
end
return answer
