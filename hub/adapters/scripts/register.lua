-- REGISTER the settings and renderer that a worker renders with. If they are new, every document is to be renewed when
-- nothing is dirty; no entry gets a seq and nobody is told. Makes the feed `all` on a new hub.
-- KEYS[1] any key of the hub
-- ARGV[1] hash of settings and renderer, ARGV[2] debounce (ms), ARGV[3] kinds that have feeds
-- Answers this worker's render number.

local pace, now = pace_of(ARGV[2], ARGV[3]), now_ms()
local all = all_feed()
if not redis.call('HGET', key.feed(all), 'built') then mark_dirty(all, pace) end

if redis.call('GET', key.render_of) == ARGV[1] then return redis.call('GET', key.render) end

local render = int(stamp())
redis.call('SET', key.render, render)
redis.call('SET', key.render_of, ARGV[1])
for _, at in ipairs(redis.call('ZRANGE', key.directory, 0, -1)) do
  if pace.kinds[string.match(at, '^%a+')] then
    redis.call('ZADD', key.stale, 'NX', int(now), redis.call('HGET', key.slugs, at))
  end
end
return render
