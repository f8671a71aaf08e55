-- What scripts that know who is still to be told share; put between lib.lua and them.

-- The seq up to which subscribers of feed n can be told: what its documents show, or its end.
local function limit_of(n)
  local f = hash(key.feed(n), 'state', 'built')
  if f.state ~= 'live' then return tonumber(redis.call('ZSCORE', key.log(n), '0') or '0') end
  return tonumber(string.match(f.built or '', '^%d+') or '0')
end

-- The last change of feed n that its subscribers are owed, as far as they can be told: quiet ones may come after it.
local function owed_of(n)
  return math.min(limit_of(n), tonumber(redis.call('HGET', key.feed(n), 'loud') or '') or math.huge)
end

-- Mark feed n if one of its idle subscribers is behind: told at once, then at most once per `interval` ms. True if that is now.
local function mark_telling(n, interval)
  local first = redis.call('ZRANGE', key.cursors(n), 0, 0, 'WITHSCORES')
  if not first[2] or tonumber(first[2]) >= owed_of(n) then return false end
  local now = now_ms()
  local told = tonumber(redis.call('HGET', key.feed(n), 'told') or '0')
  local at = told > now and now or math.max(now, told + tonumber(interval))  -- a clock that was set back delays nothing
  redis.call('ZADD', key.telling, 'LT', int(at), n)
  return at <= now
end
