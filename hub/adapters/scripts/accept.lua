-- ACCEPT one entry event: dedupe, compare, write the entry, a seq on each touched feed, mark it dirty.
-- KEYS[1] any key of the hub (it routes the script)
-- ARGV[1] token   the same token gets the same answer
-- ARGV[2] event   JSON: id, source, cms (the source can be compared with), event (id), removed, pub, mod, exp (ms), digest, terms (see terms.lua), told (their hash),
--                 orders (the CMS said `mod`), dated (it said `pub`); else both are the time of receipt;
--                 now (it is published, also where `pub` is ahead), version (decides what is stale instead of `mod`),
--                 quiet (push channels step over it, unless it takes something away),
--                 guest (an ingest feed: it changes no entry of another source)
-- ARGV[3] data    the packed entry, opaque
-- ARGV[4] debounce (ms), ARGV[5] kinds that have feeds
-- Answers {outcome, "<path> <seq>", ...} or {"conflict", sentence}. Writes nothing for duplicate and stale; for unchanged only the mark of order, and whose it is.

local answer = remembered(ARGV[1])
if answer then return answer end

local e, pace, now = cjson.decode(ARGV[2]), pace_of(ARGV[4], ARGV[5]), now_ms()
if seen_before(e.source, e.event, now) then return remember(ARGV[1], receipt('duplicate', {}, pace)) end

local n = redis.call('HGET', key.ids, e.id)
local was = n and hash(key.entry(n), 'source', 'state', 'mod', 'digest', 'pub', 'feeds', 'refs', 'told', 'version') or {}
-- What the CMS did not say of dates: those of the stored entry stay, so a repeated hook changes nothing. The time of receipt
-- is the date of a change, so one that was removed comes back; a new entry was last modified when it was published.
local pub, mod = e.pub, e.mod or tonumber(was.mod or '0')
if was.pub and not e.dated then pub = tonumber(was.pub) end
if not (was.mod or e.orders or e.removed) then mod = math.min(pub, mod) end
local stale = was.mod and mod < tonumber(was.mod)
if e.version and was.version then stale = e.version <= tonumber(was.version) end
-- Ids are guessed easily. What a feed of somebody else says first of one must not keep its own source from saying it later.
if not e.guest and string.sub(was.source or '', 1, 5) == 'feed:' then stale = false end
if stale then return remember(ARGV[1], receipt('stale', {}, pace)) end

-- What it is from now on. An expired one is a removal; a future one waits, and is withdrawn if it was live.
local state = 'live'
if e.removed or (e.exp and e.exp <= now) then state = 'removed' elseif pub > now and not e.now then state = 'scheduled' end
hushed = e.quiet and state == 'live'

if e.guest and was.source ~= e.source and (n or e.removed) then
  -- What its own source took away, a feed may go on to show for days.
  local known = not n or was.state == 'removed' or (was.digest == e.digest and was.state == state)
  if known then return remember(ARGV[1], receipt('unchanged', {}, pace)) end
  return remember(ARGV[1], {'conflict', 'entry ' .. e.id .. ' is of another source: ' .. was.source})
end

-- An entry belongs to the CMS that said last what it is. Who has no listing to be compared with (/publish, an import) changes
-- what it says, not whose it is; a removed one is whose who removed it.
local function belongs()
  local theirs = was.source and redis.call('GETBIT', key.owned(was.source), n) == 1
  local owner = theirs and not e.cms and state ~= 'removed' and was.source or e.source
  if theirs and (owner ~= was.source or state == 'removed') then redis.call('SETBIT', key.owned(was.source), n, 0) end
  if e.cms and state ~= 'removed' then redis.call('SETBIT', key.owned(owner), n, 1) end
  return owner
end

local seq
local function draw()
  seq = seq or stamp()
  return seq
end

-- What is under embargo must not show, by the name of a category or an author, that it exists: its terms wait with it.
local direct, own, new = {}, {}, {}
if state == 'live' then
  direct, own = meet(e.terms, mod, draw, pace)
  new = feeds_of(direct)
end

local same = was.state == state and (state == 'removed' or (was.digest == e.digest and tonumber(was.pub) == pub))
if state == 'scheduled' and was.told ~= e.told then same = false end  -- its categories and authors wait with it
for i, ref in ipairs(csv(was.refs)) do
  if follow(ref) ~= direct[i] then same = false end  -- its address went to another feed
end
if same and table.concat(new, ',') == (was.feeds or '') then
  if e.orders then redis.call('HSET', key.entry(n), 'mod', int(mod)) end
  if e.version then redis.call('HSET', key.entry(n), 'version', int(e.version)) end
  redis.call('HSET', key.entry(n), 'source', belongs())
  return remember(ARGV[1], receipt(#own > 0 and 'accepted' or 'unchanged', own, pace))
end

draw()
if not n then
  n = int(redis.call('INCR', key.entry_count))
  redis.call('HSET', key.ids, e.id, n)
end
redis.call('HSET', key.entry(n), 'id', e.id, 'source', belongs(), 'rev', int(seq), 'state', state, 'mod', int(mod))
redis.call('HDEL', key.entry(n), 'data', 'digest', 'pub', 'exp', 'refs', 'terms', 'told')
if e.version then redis.call('HSET', key.entry(n), 'version', int(e.version)) end
redis.call('ZREM', key.scheduled, n)
if state ~= 'removed' then
  local data = int(pub) .. ' ' .. int(mod) .. ' ' .. ARGV[3]
  redis.call('HSET', key.entry(n), 'data', data, 'digest', e.digest, 'pub', int(pub))
  if e.exp then redis.call('HSET', key.entry(n), 'exp', int(e.exp)) end
end
if state == 'live' then
  redis.call('HSET', key.entry(n), 'refs', table.concat(direct, ','))
  if e.exp then redis.call('ZADD', key.scheduled, int(e.exp), n) end
elseif state == 'scheduled' then
  redis.call('HSET', key.entry(n), 'terms', cjson.encode(e.terms), 'told', e.told)
  redis.call('ZADD', key.scheduled, int(pub), n)
end

local touched = union(own, refile(n, csv(was.feeds), new, seq, pub, pace))
return remember(ARGV[1], receipt(state == 'scheduled' and 'scheduled' or 'accepted', touched, pace))
