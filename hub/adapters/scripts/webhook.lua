-- WEBHOOK: create or change one; its subscriptions are made to match its feeds. A new one starts at its feed's present seq.
-- KEYS[1] any key of the hub
-- ARGV[1] id, ARGV[2] the webhook (JSON, opaque), ARGV[3] what it was ('' a new one), ARGV[4] 1 if paused,
-- ARGV[5] 1 to pause or resume all its subscriptions by that, ARGV[6] notify interval (ms), ARGV[7] its partner ('' none),
-- ARGV[8] how many one partner may have, then feed numbers
-- Answers 0 if it is not what it was: somebody else changed it meanwhile; -1 if its partner is gone or may not open all of
-- the feeds that are new to it (a key was revoked, or opens less, since they were looked at); -2 if the partner has too many.

local id, paused, wanted = ARGV[1], tonumber(ARGV[4]), {}
local stored = hash(key.webhook(id), 'body', 'feeds')
if stored.body ~= ARGV[2] and (stored.body or '') ~= ARGV[3] then return 0 end
for i = 9, #ARGV do wanted[ARGV[i]] = true end
local owner, has = ARGV[7], {}
for _, n in ipairs(csv(stored.feeds)) do has[n] = true end

local function is_fit()
  local partner = redis.call('HGET', key.partners, owner)
  local open = partner and opened(partner)
  if not partner then return -1 end
  for n in pairs(wanted) do
    if open and not open[n] and not has[n] then return -1 end
  end
  local among = stored.body and 0 or redis.call('SCARD', key.partner_webhooks(owner))
  return among >= tonumber(ARGV[8]) and -2 or 1
end

if owner ~= '' then
  local fit = is_fit()
  if fit < 1 then return fit end
  redis.call('SADD', key.partner_webhooks(owner), id)
end
for n in pairs(has) do
  if not wanted[n] then drop_sub(id .. '.' .. n) end
end

local function begin(sub, n)
  local r = {channel = 'webhook', feed = n, format = '', callback = id, topic = '', secret = '', algorithm = '', lease = 0,
    lane = 'fast', failures = 0, since = 0, paused = paused, refused = '', refused_since = 0}
  place(sub, r, tonumber(redis.call('HGET', key.feed(n), 'seq')), ARGV[6])
  redis.call('ZADD', key.leases, '+inf', sub)
end

local function switch(sub, r)
  local cursor = cursor_of(sub, r)
  lift(sub, r)
  r.paused = paused
  if paused == 0 then r.lane, r.failures, r.since = 'fast', 0, 0 end
  place(sub, r, cursor, ARGV[6])
end

for n in pairs(wanted) do
  local sub = id .. '.' .. n
  local r = read_sub(sub)
  if not r then
    if redis.call('HGET', key.feed(n), 'state') == 'live' then begin(sub, n) end  -- else its end was told
  elseif ARGV[5] == '1' and r.paused ~= paused then
    switch(sub, r)
  end
end
redis.call('HSET', key.webhook(id), 'body', ARGV[2], 'feeds', table.concat(ARGV, ',', 9))
redis.call('ZADD', key.webhooks, 0, id)
return 1
