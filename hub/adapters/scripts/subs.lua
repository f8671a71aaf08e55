-- What scripts that place subscriptions share; put after telling.lua. A subscription is in exactly one place: in its
-- feed's `cursors` while idle, in `due:<lane>` while claimed or retrying, in `due:paused` while paused; `out` holds its
-- cursor while it is in one of the last two, and behind it the claim that it is under. So a delivery without trouble moves it
-- there and back and writes no record, and what settles must name the claim: a later one, or a replay, makes it void.

local FIELDS = {'lane', 'feed', 'lease', 'channel', 'format', 'callback', 'topic', 'secret', 'algorithm', 'failures',
  'since', 'paused', 'refused', 'refused_since'}

-- A record is a JSON array of these fields. Seqs are text: cjson writes no more than 14 digits.
local function unpack_sub(text)
  local row, r = cjson.decode(text), {}
  for i, name in ipairs(FIELDS) do r[name] = row[i] end
  return r
end

-- Its first three fields, without reading the rest: lane, feed, lease.
local function place_of(text)
  local lane, n, lease = string.match(text, '^%["(%a+)","(%d+)",(%d+)')
  return lane, n, tonumber(lease)
end

local function read_sub(id)
  local text = redis.call('GET', key.sub(id))
  return text and unpack_sub(text) or nil
end

local function write_sub(id, r)
  local row = {}
  for i, name in ipairs(FIELDS) do row[i] = r[name] end
  redis.call('SET', key.sub(id), cjson.encode(row))
end

-- Its cursor and its claim ('' none) while it is out.
local function read_out(text) return string.match(text or '', '^(%d+) ?(%d*)$') end
local function out_of(id) return read_out(redis.call('HGET', key.out, id)) end

local function cursor_of(id, r)
  return tonumber(out_of(id) or redis.call('ZSCORE', key.cursors(r.feed), id) or '0')
end

local function lane_of(r) return r.paused == 1 and 'paused' or r.lane end

-- Take it from wherever it is.
local function lift(id, r)
  redis.call('ZREM', key.cursors(r.feed), id)
  redis.call('ZREM', key.due(lane_of(r)), id)
  redis.call('HDEL', key.out, id)
end

local function place_idle(id, r, cursor) redis.call('ZADD', key.cursors(r.feed), int(cursor), id) end

-- Out of `cursors`, to be attempted at `at` (ms).
local function place_due(id, r, cursor, at, claim)
  redis.call('HSET', key.out, id, claim and int(cursor) .. ' ' .. claim or int(cursor))
  redis.call('ZADD', key.due(lane_of(r)), r.paused == 1 and '+inf' or int(at), id)
end

-- Write a record that has changed, and place it. True if somebody is to be told now.
local function place(id, r, cursor, interval)
  write_sub(id, r)
  if r.paused == 1 then return place_due(id, r, cursor, 0) end
  place_idle(id, r, cursor)
  return mark_telling(r.feed, interval)
end

local function drop_sub(id)
  local r = read_sub(id)
  if not r then return false end
  lift(id, r)
  redis.call('DEL', key.sub(id), key.attempts(id))
  redis.call('ZREM', key.leases, id)
  if r.channel == 'websub' and redis.call('HEXISTS', key.feed(r.feed), 'subs') == 1 then
    redis.call('HINCRBY', key.feed(r.feed), 'subs', -1)
  end
  return true
end

-- A webhook with all its subscriptions. Answers 1 if there was one.
local function drop_webhook(id)
  local stored = hash(key.webhook(id), 'body', 'feeds')
  for _, n in ipairs(csv(stored.feeds)) do drop_sub(id .. '.' .. n) end
  local owner = stored.body and cjson.decode(stored.body).owner or ''
  if owner ~= '' then redis.call('SREM', key.partner_webhooks(owner), id) end
  redis.call('ZREM', key.webhooks, id)
  return redis.call('DEL', key.webhook(id))
end

-- The feeds that a partner's keys open, as a set; nil: all of them. `packed` is the partner (JSON).
local function opened(packed)
  local list, set = cjson.decode(packed).feeds, {}
  if #list == 0 then return nil end
  for _, n in ipairs(list) do set[int(n)] = true end
  return set
end

-- After a settlement: a feed that is in `telling` already is being told, and claims go on until they find nobody.
local function mark_again(n, interval) return not redis.call('ZSCORE', key.telling, n) and mark_telling(n, interval) end

local function log_attempt(id, text, keep)
  if redis.call('LPUSH', key.attempts(id), text) > keep then redis.call('LTRIM', key.attempts(id), 0, keep - 1) end
end
