-- USE: add what partners' keys were used for to what is known. A day's counts are dropped after a while, the last use later.
-- KEYS[1] any key of the hub
-- ARGV[1] token   the same token counts once
-- ARGV[2] rows (JSON): {{partner, key (its hint), day, counts {what → how many}, at (ms), said}, ...}
-- ARGV[3] keep counts, ARGV[4] keep the last use (seconds)

if remembered(ARGV[1]) then return 1 end

local function keep_last(row)
  local uses = key.last_uses(row.partner)
  local at = string.match(redis.call('HGET', uses, row.key) or '', '^%d+')
  if not at or tonumber(at) <= row.at then redis.call('HSET', uses, row.key, int(row.at) .. ' ' .. row.said) end
  redis.call('EXPIRE', uses, ARGV[4])
end

for _, row in ipairs(cjson.decode(ARGV[2])) do
  if redis.call('HEXISTS', key.partners, row.partner) == 1 then  -- else it was revoked meanwhile
    local counts = key.usage(row.partner .. ':' .. row.day)
    for what, n in pairs(row.counts) do redis.call('HINCRBY', counts, row.key .. ':' .. what, int(n)) end
    redis.call('EXPIRE', counts, ARGV[3])
    keep_last(row)
  end
end
return remember(ARGV[1], 1)
