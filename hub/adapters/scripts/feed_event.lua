-- One category, author or tag event: change a feed's own data, rename it, retire it, or merge it into another.
-- KEYS[1] any key of the hub
-- ARGV[1] token, ARGV[2] event JSON: source, event (id), k, id, slug, new_slug, said {name, desc, url, image},
--   removed, moved_to; ARGV[3] debounce (ms), ARGV[4] kinds that have feeds
-- Answers {outcome, "<path> <seq>", ...}; outcome `conflict` with a sentence where it can't be done.

local answer = remembered(ARGV[1])
if answer then return answer end

local e, pace, now = cjson.decode(ARGV[2]), pace_of(ARGV[3], ARGV[4]), now_ms()
local known = e.id and redis.call('HGET', key.terms, e.k .. '/' .. e.id)
local holder, mark = slug_holder(e.k, e.slug)
local n, live = known or holder, false

-- A CMS tells of all that it has. Of what no entry here has there is no feed, and its address may be another's.
if e.cms and e.id and not known then return remember(ARGV[1], receipt('unchanged', {}, pace)) end

if e.removed then
  -- Only what is live here: the old address of a renamed or merged feed must not take the new one away.
  live = n and redis.call('HGET', key.feed(n), 'state') == 'live' and (known or not mark)
elseif n then
  n, live = follow(n)
  if not live and holder and not mark then n, live = holder, true end
end

-- Refusals first: nothing is written before them.
local target
if live and e.moved_to then
  local there
  target = slug_holder(e.k, e.moved_to)
  if target then target, there = follow(target) end
  if not there then return {'conflict', 'moved_to: there is no live ' .. e.k .. ' ' .. e.moved_to .. ': publish it first'} end
  if target == n then return {'conflict', 'moved_to: a feed can not move to itself'} end
end
if e.new_slug and not n then
  return {'conflict', 'slug: there is no ' .. e.k .. ' ' .. e.slug .. ' to rename: correct the slug, or publish it first'}
end
if e.new_slug then
  local other, m = slug_holder(e.k, e.new_slug)
  if other and not m and other ~= n then
    return {'conflict', 'new_slug: ' .. e.k .. ' ' .. e.new_slug .. ' is live: remove it with moved_to first, or choose another slug'}
  end
end
if seen_before(e.source, e.event, now) then return remember(ARGV[1], receipt('duplicate', {}, pace)) end

if e.removed then
  if not live then return remember(ARGV[1], receipt('unchanged', {}, pace)) end
  local seq, slug = stamp(), redis.call('HGET', key.feed(n), 'slug')
  redis.call('HSET', key.feed(n), 'state', target and '>' .. target or 'retired', 'meta', int(now))
  record(n, '0', seq)
  redis.call('HSET', key.slugs, e.k .. '/' .. slug, (target and '>' .. target or '-' .. n))
  redis.call('ZREM', key.directory, e.k .. '/' .. slug)
  redis.call('ZREM', key.dirty, n)
  redis.call('ZREM', key.stale, n)
  redis.call('SREM', key.troubled, n)
  for _, format in ipairs({'rss', 'atom', 'json'}) do redis.call('DEL', key.document(n, format)) end
  redis.call('HDEL', key.feed(n), 'fails', 'error', 'skipped')  -- `built` stays: a late commit is still too late
  labels_changed(n, seq)
  if target then start_refile(n) end
  announce(n, seq, true)
  mark_telling(n, 0)  -- that it has ended
  return remember(ARGV[1], receipt('accepted', {n}, pace, n))
end

local created = not n
n = n or feed_of({k = e.k, id = e.id or e.slug, slug = e.slug})
local f, changed = hash(key.feed(n), 'state', 'slug'), false
if f.state ~= 'live' then
  f.slug = revive(n, e.k, f.slug, e.slug)
  changed = true
end
local renamed = e.new_slug and e.new_slug ~= f.slug
if renamed then rename(n, e.k, f.slug, e.new_slug) end
changed = take(n, {k = e.k, slug = e.new_slug or f.slug}, e.said) or changed or renamed or created
redis.call('HSET', key.feed(n), 'meta', int(now))
if not changed then return remember(ARGV[1], receipt('unchanged', {}, pace)) end
local seq = stamp()
log_own_change(n, seq, pace)
labels_changed(n, seq)
if renamed or f.state ~= 'live' then announce(n, seq, true) end
return remember(ARGV[1], receipt('accepted', {n}, pace))
