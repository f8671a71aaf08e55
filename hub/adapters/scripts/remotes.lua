-- What scripts about URLs that are read here share; put after lib.lua. A remote is `i:<id>` (an ingest feed) or `o:<n>` (the
-- origin topic that is feed n). Of an origin, `wanted` is when somebody last asked to subscribe.

local function origin_of(id) return string.match(id, '^o:(%d+)$') end

-- An origin topic that nobody is subscribed to, and nobody asked for within `idle` ms.
local function is_idle(id, now, idle)
  local n = origin_of(id)
  if not n then return false end
  local wanted = tonumber(redis.call('HGET', key.remote(id), 'wanted') or '0')
  return tonumber(redis.call('HGET', key.feed(n), 'subs') or '0') <= 0 and wanted < now - idle
end

-- Read it no more. Of an origin that ends (`told`) subscribers are told so; what is left of it goes after a day.
local function forget(id, told)
  local n = origin_of(id)
  redis.call('ZREM', key.remotes, id)
  redis.call('DEL', key.remote(id))
  if not n then return end
  redis.call('HDEL', key.slugs, 'origin/' .. (redis.call('HGET', key.feed(n), 'slug') or ''))
  redis.call('DEL', key.document(n, 'origin'))
  redis.call('HSET', key.feed(n), 'state', 'retired')
  if told then redis.call('ZADD', key.log(n), int(stamp()), '0') end
  redis.call('EXPIRE', key.feed(n), 86400)
  redis.call('EXPIRE', key.log(n), 86400)
end
