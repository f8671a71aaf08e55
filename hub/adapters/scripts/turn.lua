-- TURN entries whose time has come: an embargo ends (they go live), or they expire (they are removed and erased).
-- KEYS[1] any key of the hub
-- ARGV[1] how many at most, ARGV[2] debounce (ms), ARGV[3] kinds that have feeds
-- Answers how many turned.

local pace, now = pace_of(ARGV[2], ARGV[3]), now_ms()
local due = redis.call('ZRANGEBYSCORE', key.scheduled, '-inf', int(now), 'LIMIT', 0, tonumber(ARGV[1]))

local function go_live(n, e)
  local seq = stamp()
  local direct = meet(cjson.decode(e.terms), tonumber(e.mod), function() return seq end, pace)
  redis.call('HSET', key.entry(n), 'rev', int(seq), 'state', 'live', 'refs', table.concat(direct, ','))
  redis.call('HDEL', key.entry(n), 'terms', 'told')
  refile(n, {}, feeds_of(direct), seq, tonumber(e.pub), pace)
end

local function expire(n, e)
  local seq = stamp()
  redis.call('HSET', key.entry(n), 'rev', int(seq), 'state', 'removed')
  redis.call('HDEL', key.entry(n), 'data', 'digest', 'pub', 'exp', 'refs', 'terms', 'told')
  if redis.call('EXISTS', key.owned(e.source)) == 1 then redis.call('SETBIT', key.owned(e.source), n, 0) end
  refile(n, csv(e.feeds), {}, seq, nil, pace)
end

for _, n in ipairs(due) do
  local e = hash(key.entry(n), 'source', 'state', 'mod', 'pub', 'exp', 'feeds', 'terms')
  redis.call('ZREM', key.scheduled, n)
  local ends = e.exp and tonumber(e.exp)
  if ends and ends <= now then
    expire(n, e)
  elseif e.state == 'scheduled' then
    go_live(n, e)
    if ends then redis.call('ZADD', key.scheduled, int(ends), n) end
  end
end
return #due
