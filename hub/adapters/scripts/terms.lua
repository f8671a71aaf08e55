-- What scripts that meet authors, categories and tags share; put between lib.lua and them.
-- A term t: k(ind), id, slug, x (the CMS gave the id), bare (only the id is known: it is who has that, and makes no feed), and
-- what was said of it: name, desc, url, image, parent (an id).

local SAID = {'name', 'desc', 'url', 'image'}

local function slug_holder(kind, slug)
  local at = redis.call('HGET', key.slugs, kind .. '/' .. slug)
  if not at then return nil end
  local mark = string.match(at, '^[>-]')
  return mark and string.sub(at, 2) or at, mark
end

-- The feed of a term: by the id that the CMS gave it, else by its slug, else a new one. A new category with an id of its own
-- may take an address that another one left; one recreated under the same slug goes on with the same feed, also where the
-- feed of its id retired and its address went to another.
local function feed_of(t)
  local known = redis.call('HGET', key.terms, t.k .. '/' .. t.id)
  if t.bare then
    local there = known and follow(known) or nil
    return there
  end
  local holder, mark = slug_holder(t.k, t.slug)
  local n
  if known and t.x then
    local live
    n, live = follow(known)
    if not live and holder and not mark then n = holder end
  elseif holder and not (t.x and mark == '>') then
    n = follow(holder)
  else
    n = known and follow(known) or create_feed(t.k, t.slug, {'id', t.id, 'name', t.name or t.slug})
  end
  if n ~= known then redis.call('HSET', key.terms, t.k .. '/' .. t.id, n) end
  return n
end

-- The feed of a parent that was named, created bare where unknown. Never the child itself or below it.
local function parent_of(t, child)
  local p = feed_of({k = t.k, id = t.parent, slug = t.parent})
  local above = p
  for _ = 1, 20 do
    if not above or above == '' then return p end
    if above == child then return nil end
    above = redis.call('HGET', key.feed(above), 'parent')
  end
end

local function rename(n, kind, old, new)
  redis.call('HSET', key.slugs, kind .. '/' .. old, '>' .. n, kind .. '/' .. new, n)
  redis.call('ZREM', key.directory, kind .. '/' .. old)
  redis.call('ZADD', key.directory, 0, kind .. '/' .. new)
  redis.call('HSET', key.feed(n), 'slug', new)
end

-- Bring a retired feed back: to its own address or, where another lives there by now, to the one that it was asked for by.
-- Answers its slug.
local function revive(n, kind, own, asked)
  local _, mark = slug_holder(kind, own)
  local slug = mark and own or asked
  redis.call('HSET', key.feed(n), 'state', 'live', 'slug', slug)
  redis.call('HSET', key.slugs, kind .. '/' .. slug, n)
  redis.call('ZADD', key.directory, 0, kind .. '/' .. slug)
  return slug
end

local function adopt(n, t, old)
  local p = parent_of(t, n) or ''
  if p ~= (old or '') then
    redis.call('HSET', key.feed(n), 'parent', p)
    start_refile(n)
  end
end

-- Take over what is said of feed n; true if its own data changed. The caller decided that this is newer.
local function take(n, t, said)
  local old, own = hash(key.feed(n), 'name', 'desc', 'url', 'image', 'parent'), false
  for _, field in ipairs(SAID) do
    local value = said[field]
    if value ~= nil then
      if value == cjson.null then value = '' end
      if value == '' and field == 'name' then value = t.slug end
      if value ~= (old[field] or '') then
        redis.call('HSET', key.feed(n), field, value)
        own = true
      end
    end
  end
  if t.parent then adopt(n, t, old.parent) end
  return own
end

-- An entry of date `mod` names the terms: create what is unknown; what it says of a term counts where it is newer than the
-- record. Answers the terms' feeds in order, and those whose own data changed. `draw` gives the event's one stamp.
local function meet(terms, mod, draw, pace)
  local direct, own = {}, {}
  local last = tonumber(redis.call('GET', key.feed_count) or '0')  -- what this event creates is shown nowhere yet
  for _, t in ipairs(terms) do
    local n = feed_of(t)
    direct[#direct + 1] = n or '0'  -- a place without a feed, where only an id is said and nobody has it
    local r = n and hash(key.feed(n), 'state', 'slug', 'meta') or {}
    -- What comes under an address that the feed left is of the old name: it places the entry, and tells nothing.
    local tells = not t.bare and (t.x or t.slug == r.slug) and not (t.brief and r.meta ~= '0')
    if tells and mod > tonumber(r.meta) then
      local changed = false
      if r.state == 'retired' then
        revive(n, t.k, r.slug, t.slug)
        changed = true
      end
      local holder, mark = slug_holder(t.k, t.slug)
      if t.x and r.state == 'live' and t.slug ~= r.slug and (mark or not holder) then
        rename(n, t.k, r.slug, t.slug)
        announce(n, draw(), true)
        changed = true
      end
      changed = take(n, t, t) or changed
      redis.call('HSET', key.feed(n), 'meta', int(mod))
      if changed and tonumber(n) <= last then
        log_own_change(n, draw(), pace)
        labels_changed(n, draw())
        own[#own + 1] = n
      end
    elseif t.parent and not redis.call('HGET', key.feed(n), 'parent') then
      adopt(n, t)  -- nobody said otherwise before
    end
  end
  return direct, own
end
