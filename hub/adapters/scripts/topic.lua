-- TOPIC: find or make the feed that stands for a topic of another server. Somebody asks to subscribe to it.
-- KEYS[1] any key of the hub
-- ARGV[1] the topic's key, ARGV[2] its URL as it is to be fetched, ARGV[3] most origins, ARGV[4] ms after which an unwanted
-- one makes room
-- Answers the feed's number; 0 if there are too many.

local now, at = now_ms(), 'origin/' .. ARGV[1]
local n = redis.call('HGET', key.slugs, at)
if not n then
  if redis.call('ZCARD', key.remotes) >= tonumber(ARGV[3]) then
    for _, id in ipairs(redis.call('ZRANGE', key.remotes, 0, -1)) do
      if is_idle(id, now, tonumber(ARGV[4])) then forget(id) end
    end
    if redis.call('ZCARD', key.remotes) >= tonumber(ARGV[3]) then return 0 end
  end
  n = int(redis.call('INCR', key.feed_count))
  redis.call('HSET', key.feed(n), 'kind', 'origin', 'slug', ARGV[1], 'state', 'live', 'seq', 0, 'meta', 0)
  redis.call('HSET', key.slugs, at, n)
  redis.call('HSET', key.remote('o:' .. n), 'role', 'origin', 'url', ARGV[2])
  redis.call('ZADD', key.remotes, int(now), 'o:' .. n)
end
redis.call('HSET', key.remote('o:' .. n), 'wanted', int(now))
return tonumber(n)
