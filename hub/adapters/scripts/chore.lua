-- One step of a walk through a feed's window, which would take too long in one script. Steps repeat harmlessly.
-- relabel: documents that show this feed's name are to be rebuilt (no seq: nobody is told, entries did not change).
-- refile:  this feed's parent or address changed: its entries leave the feeds above it, or join them. `hush`: quietly.
-- KEYS[1] any key of the hub
-- ARGV[1] how many entries, about; ARGV[2] feed size; ARGV[3] debounce (ms), ARGV[4] kinds that have feeds
-- Answers 1 while a chore is left, else 0.

local chore = redis.call('HKEYS', key.chores)[1]
if not chore then return 0 end
local what, feed = string.match(chore, '^(%a+):(%d+)$')
local pace, size = pace_of(ARGV[3], ARGV[4]), tonumber(ARGV[2])
local labels, now = redis.call('GET', key.labels) or '0', now_ms()

local function relabel(e)
  for _, n in ipairs(csv(redis.call('HGET', key.entry(e), 'feeds') or '')) do
    local rank = redis.call('ZREVRANK', key.window(n), e)
    if rank and rank < size and pace.kinds[redis.call('HGET', key.feed(n), 'kind')] then
      redis.call('HSET', key.feed(n), 'need', labels)
      redis.call('ZADD', key.stale, 'NX', int(now), n)
    end
  end
end

local function refile_entry(e)
  relabel(e)  -- once it is elsewhere, no walk through this feed would find it
  local was = hash(key.entry(e), 'feeds', 'refs', 'pub', 'rev')
  local old, new = csv(was.feeds), feeds_of(csv(was.refs))
  local touched, now_in = union(old, new)
  local was_in, seq = {}, nil
  for _, n in ipairs(old) do was_in[n] = true end
  for _, n in ipairs(touched) do
    if was_in[n] ~= now_in[n] then
      seq = seq or stamp()
      log_change(n, e, seq, now_in[n] and tonumber(was.pub) or nil, pace)
    end
  end
  write_feeds(e, old, new, seq)
end

local step = redis.call('ZSCAN', key.window(feed), redis.call('HGET', key.chores, chore), 'COUNT', tonumber(ARGV[1]))
hushed = what == 'hush'
for i = 1, #step[2], 2 do
  if what == 'relabel' then relabel(step[2][i]) else refile_entry(step[2][i]) end
end
if step[1] == '0' then redis.call('HDEL', key.chores, chore) else redis.call('HSET', key.chores, chore, step[1]) end
return redis.call('EXISTS', key.chores)
