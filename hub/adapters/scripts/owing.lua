-- CLAIM-SUBSCRIBERS: take subscriptions of one lane for `lease` ms: first those whose next attempt is due, then idle ones
-- behind their feed's documents. Those that belong to another lane are due there. A round of a feed ends where nobody is
-- below what its documents showed when the round began; the next one is `interval` ms after that. The same token gets the same claim.
-- First of all the queue's pending flag goes down.
-- KEYS[1] any key of the hub
-- ARGV[1] token, ARGV[2] lane, ARGV[3] how many at most, ARGV[4] lease (ms), ARGV[5] notify interval (ms), ARGV[6] queue
-- Answers {1 if there is more work, perhaps of another lane, id, record, "<cursor> <claim>", the seq up to which it can be
-- told, ...}.

redis.call('DEL', key.pending(ARGV[6]))
local now, lane, most, lease = now_ms(), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local ids, others = {}, 0

local function records(list)
  local names = {}
  for i, id in ipairs(list) do names[i] = key.sub(id) end
  return redis.call('MGET', unpack(names))
end

-- Claim those of them that belong to this lane; the others are due where they do.
local function take(list, cursors)
  if #list == 0 then return end
  local claims, out, claim = {}, {}, int(stamp())
  for i, text in ipairs(records(list)) do
    local id = list[i]
    local its, _, ends = place_of(text or '')
    if not text then
      redis.call('ZREM', key.due(lane), id)
      redis.call('HDEL', key.out, id)
    elseif ends > 0 and ends <= now then
      drop_sub(id)
    elseif its == lane then
      claims[#claims + 1], claims[#claims + 2] = int(now + lease), id
      out[#out + 1], out[#out + 2] = id, cursors[i] .. ' ' .. claim
      ids[#ids + 1] = id
    else
      redis.call('HSET', key.out, id, cursors[i])
      redis.call('ZADD', key.due(its), int(now), id)
      others = 1
    end
  end
  if #claims == 0 then return end
  redis.call('ZADD', key.due(lane), unpack(claims))
  redis.call('HSET', key.out, unpack(out))
end

local function take_due()
  local list, cursors = redis.call('ZRANGEBYSCORE', key.due(lane), '-inf', int(now), 'LIMIT', 0, most), {}
  for i, own in ipairs(#list > 0 and redis.call('HMGET', key.out, unpack(list)) or {}) do
    cursors[i] = string.match(own or '', '^%d+') or '0'
  end
  take(list, cursors)
end

local function take_idle(n)
  local target = tonumber(redis.call('HGET', key.feed(n), 'target') or '')
  if not target then
    target = owed_of(n)
    redis.call('HSET', key.feed(n), 'target', int(target), 'told', int(now))
  end
  local room = most - #ids
  local rows = redis.call('ZRANGEBYSCORE', key.cursors(n), '-inf', '(' .. int(target), 'WITHSCORES', 'LIMIT', 0, room)
  local list, cursors = {}, {}
  for i = 1, #rows, 2 do
    list[#list + 1] = rows[i]
    cursors[#cursors + 1] = int(tonumber(rows[i + 1]))
  end
  if #list > 0 then
    redis.call('ZREM', key.cursors(n), unpack(list))
    take(list, cursors)
  end
  if #list < room then
    redis.call('HDEL', key.feed(n), 'target')
    redis.call('ZREM', key.telling, n)
    if mark_telling(n, ARGV[5]) then others = 1 end
  else
    redis.call('ZADD', key.telling, 'XX', int(now), n)  -- behind the feeds that are due: they have their turn before it goes on
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
if #ids == 0 then return {others} end

local answer, limits, cursors = {others}, {}, redis.call('HMGET', key.out, unpack(ids))
for i, text in ipairs(records(ids)) do
  if text and cursors[i] then
    local _, n = place_of(text)
    limits[n] = limits[n] or int(limit_of(n))
    for _, part in ipairs({ids[i], text, cursors[i], limits[n]}) do answer[#answer + 1] = part end
  end
end
return answer
