-- LOG: what changed in a feed after a cursor. Each entry once, at its latest seq, oldest first; one whose latest change was
-- quiet may come before that, too, at the last change that was told.
-- KEYS[1] any key of the hub
-- ARGV[1] feed number, ARGV[2] cursor, ARGV[3] how many rows at most, ARGV[4] the last seq to tell ('' all of them),
-- ARGV[5] the feed's head when the reader began with nothing (0: it did not): what was dropped before need not be told,
-- ARGV[6] 1: only what is told to all, not quiet changes
-- Answers {state, {kind, slug} where it is now, number of the feed that it is now, head, floor, labels stamp, 1 if the cursor
-- can't be served, 1 if there is more, {entry, id, seq, joined, 1 if it is gone, the last change whose outcome may be
-- shown at this row, ...}}; nothing if there is no such feed. Who is told is shown any later outcome at once: if that change
-- was quiet, no later row tells it.

local n, cursor, limit, loud = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[6] == '1'
local f = hash(key.feed(n), 'state', 'seq', 'floor')
if not f.state then return {} end

local became, live = follow(n)
local state = not live and 'retired' or became ~= n and 'moved' or 'live'
local now = live and became or n
-- The end of a feed is the last that is told of it; a retired one goes on collecting, unseen.
local head = state == 'live' and f.seq or redis.call('ZSCORE', key.log(n), '0') or f.seq
local floor, upto = tonumber(f.floor or '0'), math.min(tonumber(head), tonumber(ARGV[4]) or math.huge)
local gap = cursor > 0 and (math.max(cursor, tonumber(ARGV[5])) < floor or cursor > tonumber(f.seq))

local function since(joined) return string.match(',' .. joined, ',' .. n .. ':(%d+)') or '0' end

local ANY = 2 ^ 53 - 1

-- Whoever sees quiet changes is told at the later row of two.
local function row_of(e, seq)
  if e == '0' then return {'0', '', int(seq), '0', 0, int(seq)} end
  local entry, later = hash(key.entry(e), 'id', 'joined'), tonumber(redis.call('ZSCORE', key.quiet(n), e) or seq)
  local gone = not redis.call('ZSCORE', key.window(n), e) and (loud or later == seq)
  return {e, entry.id, int(seq), since(entry.joined or ''), gone and 1 or 0, int(loud and ANY or seq)}
end

local function range(zset)
  if gap then return {} end
  return redis.call('ZRANGE', zset, '(' .. ARGV[2], int(upto), 'BYSCORE', 'LIMIT', 0, limit + 1, 'WITHSCORES')
end

-- The first of both, by seq.
local function merge(a, b)
  local list, i, j = {}, 1, 1
  while #list <= 2 * limit and (a[i] or b[j]) do
    local first = not b[j] or (a[i] and tonumber(a[i + 1]) <= tonumber(b[j + 1]))
    local from, at = first and a or b, first and i or j
    list[#list + 1], list[#list + 2] = from[at], from[at + 1]
    if first then i = i + 2 else j = j + 2 end
  end
  return list
end

local found = range(key.log(n))
if not loud then found = merge(found, range(key.quiet(n))) end
local rows = {}
for i = 1, math.min(#found, 2 * limit), 2 do
  for _, part in ipairs(row_of(found[i], tonumber(found[i + 1]))) do rows[#rows + 1] = part end
end
local place = redis.call('HMGET', key.feed(now), 'kind', 'slug')
return {state, place, now, int(tonumber(head)), int(floor), redis.call('GET', key.labels) or '0', gap and 1 or 0,
  #found > 2 * limit and 1 or 0, rows}
