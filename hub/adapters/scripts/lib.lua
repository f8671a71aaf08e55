-- What the scripts share; put before each of them, after the table `key` (hub/adapters/keys.py).
-- Numbers: stamps are microseconds, all other times milliseconds. `int` keeps them from being written as 1.79e+15.

local function int(x) return string.format('%.0f', x) end

local function clock_us()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000000 + tonumber(t[2])
end

local function now_ms() return math.floor(clock_us() / 1000) end

-- The hub's one clock for seqs, revisions and versions: above all that anybody has seen, also after lost writes or an
-- older backup, because it never lags behind the time.
local function stamp()
  local s = math.max(tonumber(redis.call('GET', key.clock) or '0') + 1, clock_us())
  redis.call('SET', key.clock, int(s))
  return s
end

local function hash(name, ...)
  local values, answer = redis.call('HMGET', name, ...), {}
  for i, field in ipairs({...}) do answer[field] = values[i] or nil end
  return answer
end

local function csv(text)
  local list = {}
  for part in string.gmatch(text or '', '[^,]+') do list[#list + 1] = part end
  return list
end

local function path_of(n)
  local f = hash(key.feed(n), 'kind', 'slug')
  return f.kind == 'all' and 'all' or f.kind .. '/' .. f.slug
end

-- ---- feeds: creation, address, life ------------------------------------------------------------------------------

-- The kinds that have feeds; `pace_of` says so to all.
local enabled = {}

local function create_feed(kind, slug, fields)
  local n = int(redis.call('INCR', key.feed_count))
  local at = kind == 'all' and 'all' or kind .. '/' .. slug
  redis.call('HSET', key.feed(n), 'kind', kind, 'slug', slug, 'state', 'live', 'seq', 0, 'meta', 0, unpack(fields))
  redis.call('HSET', key.slugs, at, n)
  redis.call('ZADD', key.directory, 0, at)
  if enabled[kind] then redis.call('ZADD', key.stale, 'NX', 0, n) end  -- an empty feed has a document, too
  return n
end

local function all_feed()
  return redis.call('HGET', key.slugs, 'all') or create_feed('all', '', {})
end

-- The feed that `n` became, and whether that is live (else it retired). A merge may follow a merge.
local function follow(n)
  for _ = 1, 10 do
    local state = redis.call('HGET', key.feed(n), 'state')
    local target = string.match(state or '', '^>(%d+)$')
    if not target then return n, state == 'live' end
    n = target
  end
  return n, false
end

-- `patches`: {format, patch, ...} that make the feed's documents of the ones before (commit.lua). Rows are few, as they may
-- be 16 KB each: a front that fell off the end compares versions.
local function announce(n, seq, moved, patches)
  redis.call('XADD', key.changes, 'MAXLEN', '~', 1000, '*', 'feed', n, 'seq', int(seq), 'moved', moved and 1 or 0,
    unpack(patches or {}))
end

-- ---- marking ------------------------------------------------------------------------------------------------------

-- The first change after a quiet time goes at once, a burst every `debounce` ms. NX: a lease or a quarantine stays.
local function mark_dirty(n, pace)
  local f = hash(key.feed(n), 'kind', 'claimed', 'state')
  if not pace.kinds[f.kind] or f.state ~= 'live' then return end
  local now = now_ms()
  local claimed = math.min(tonumber(f.claimed or '0'), now)  -- a clock that was set back delays nothing
  redis.call('ZADD', key.dirty, 'NX', int(math.max(now, claimed + pace.debounce)), n)
end

-- How scripts that mark are told the settings: ARGV `debounce` (ms) and the kinds that have feeds (comma separated).
local function pace_of(debounce, kinds)
  local pace = {debounce = tonumber(debounce), kinds = enabled}
  for _, kind in ipairs(csv(kinds)) do pace.kinds[kind] = true end
  return pace
end

-- Set where a script carries out a quiet change (an import): it is in the log, and push channels step over it.
local hushed = false

-- A change in feed n. `log` holds what everybody is told; `quiet` what only those see who ask. What was told of and then
-- changed quietly is in both, at either seq: who has not been told of the first still is. `loud` is the last seq that
-- is told, where quiet ones came after it.
local function record(n, entry, seq, quietly)
  if quietly then
    redis.call('HSETNX', key.feed(n), 'loud', redis.call('HGET', key.feed(n), 'seq') or '0')
    redis.call('ZADD', key.quiet(n), int(seq), entry)
  else
    redis.call('HDEL', key.feed(n), 'loud')
    redis.call('ZREM', key.quiet(n), entry)
    redis.call('ZADD', key.log(n), int(seq), entry)
  end
  redis.call('HSET', key.feed(n), 'seq', int(seq))
end

-- One entry's change in one feed: in it at `published`, or (nil) gone from it, which is told where the entry was.
local function log_change(n, entry, seq, published, pace)
  if published then
    redis.call('ZADD', key.window(n), int(published), entry)
    redis.call('ZREM', key.gone(n), entry)
  else
    redis.call('ZREM', key.window(n), entry)
    redis.call('ZADD', key.gone(n), int(seq), entry)
  end
  record(n, entry, seq, hushed and (published or not redis.call('ZSCORE', key.log(n), entry)))
  mark_dirty(n, pace)
end

-- A change of the feed's own data: log member 0.
local function log_own_change(n, seq, pace)
  record(n, '0', seq, hushed)
  redis.call('HSET', key.feed(n), 'updated', int(now_ms()))
  mark_dirty(n, pace)
end

local function start_chore(what, n) redis.call('HSET', key.chores, what .. ':' .. n, '0') end

-- What is to be told is not done quietly by an earlier walk, or one after it.
local function start_refile(n)
  if not hushed then
    redis.call('HDEL', key.chores, 'hush:' .. n)
  elseif redis.call('HEXISTS', key.chores, 'refile:' .. n) == 1 then
    return
  end
  start_chore(hushed and 'hush' or 'refile', n)
end

-- Something that documents of other feeds show of feed n is new.
local function labels_changed(n, seq)
  redis.call('SET', key.labels, int(seq))
  start_chore('relabel', n)
end

-- ---- where an entry belongs ---------------------------------------------------------------------------------------

-- The feeds of an entry that names the feeds `direct`: all, those, and their ancestors. A retired one goes on collecting,
-- unseen, so that it is whole should it come back, and passes on to the feeds above it.
local function feeds_of(direct)
  local seen, list = {}, {}
  local function add(n)
    seen[n] = true
    list[#list + 1] = n
  end
  add(all_feed())
  for _, n in ipairs(direct) do
    n = n ~= '0' and follow(n)  -- see meet in terms.lua
    while n and not seen[n] do
      add(n)
      local parent = redis.call('HGET', key.feed(n), 'parent')
      if not parent or parent == '' then break end
      n = follow(parent)
    end
  end
  return list
end

-- Both lists without repeats, and a set of the second.
local function union(old, new)
  local list, seen, now = {}, {}, {}
  for _, n in ipairs(new) do now[n] = true end
  for _, half in ipairs({new, old}) do
    for _, n in ipairs(half) do
      if not seen[n] then list[#list + 1] = n end
      seen[n] = true
    end
  end
  return list, now
end

-- Since when an entry is in each of its feeds, as text.
local function joined_of(e)
  local since = {}
  for n, joined in string.gmatch(redis.call('HGET', key.entry(e), 'joined') or '', '(%d+):(%d+)') do since[n] = joined end
  return since
end

-- The one place where an entry's feeds are written, and beside them since when it is in each: kept while it stays, `seq`
-- where it enters, or is told for the first time (`untold`). 0: it was there before anybody counted. And which feeds it
-- left, so that one can ask who has acknowledged that.
local function write_feeds(e, old, new, seq, untold)
  local was, since, rows = {}, joined_of(e), {}
  for _, n in ipairs(old) do was[n] = not (untold and untold[n]) end
  for _, n in ipairs(new) do rows[#rows + 1] = n .. ':' .. (was[n] and (since[n] or '0') or int(seq)) end
  local left, now = {}, select(2, union({}, new))
  for _, n in ipairs(union(csv(redis.call('HGET', key.entry(e), 'left') or ''), old)) do
    if not now[n] then left[#left + 1] = n end
  end
  redis.call('HSET', key.entry(e), 'feeds', table.concat(new, ','), 'joined', table.concat(rows, ','))
  if #left > 0 then redis.call('HSET', key.entry(e), 'left', table.concat(left, ',')) else redis.call('HDEL', key.entry(e), 'left') end
end

-- Move entry `e` from the feeds it was in to `new`; each of both gets the seq. `published` nil: it is in none now.
local function refile(e, old, new, seq, published, pace)
  local touched, now = union(old, new)
  local untold, since = {}, joined_of(e)
  for _, n in ipairs(hushed and {} or old) do  -- quietly there: nothing was told of it, or last that it left
    untold[n] = tonumber(redis.call('ZSCORE', key.log(n), e) or '0') < tonumber(since[n] or '1')
  end
  for _, n in ipairs(touched) do log_change(n, e, seq, now[n] and published or nil, pace) end
  write_feeds(e, old, new, seq, untold)
  return touched
end

-- ---- answers ------------------------------------------------------------------------------------------------------

-- The feeds that an event touched, with their seqs; `retired` is one that it has just taken away.
local function receipt(outcome, touched, pace, retired)
  local rows = {}
  for _, n in ipairs(touched or {}) do
    local f = hash(key.feed(n), 'kind', 'seq', 'state')
    if pace.kinds[f.kind] and (f.state == 'live' or n == retired) then rows[#rows + 1] = path_of(n) .. ' ' .. f.seq end
  end
  return {outcome, unpack(rows)}
end

-- redis-py repeats a command whose answer was lost: the same token gets the same answer.
local function remembered(token)
  local text = redis.call('GET', key.reply(token))
  return text and cjson.decode(text) or nil
end

local function remember(token, answer)
  redis.call('SET', key.reply(token), cjson.encode(answer), 'PX', 120000)
  return answer
end

local WEEK = 7 * 86400 * 1000

-- True if this event id came before (and keep it for a week).
local function seen_before(source, id, now)
  if not id then return false end
  redis.call('ZREMRANGEBYSCORE', key.seen, '-inf', int(now - WEEK))
  return redis.call('ZADD', key.seen, 'NX', int(now), source .. ':' .. id) == 0
end
