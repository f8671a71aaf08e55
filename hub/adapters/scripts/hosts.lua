-- HOSTS: count reads of feeds under hosts that are not PUBLIC_URL's. A host that was quiet for a day begins anew; one more
-- than are kept takes the place of the one that was quiet longest.
-- KEYS[1] any key of the hub
-- ARGV[1] token (the same one counts once), ARGV[2] how many hosts are kept, then: host, reads, ...

local answer = remembered(ARGV[1])
if answer then return answer end
local now, kept = now_ms(), {}
local function read(row)
  local reads, first, last = string.match(row or '', '^(%d+) (%d+) (%d+)$')
  return tonumber(reads), tonumber(first), tonumber(last)
end

for i = 3, #ARGV, 2 do
  local host = ARGV[i]
  local reads, first, last = read(redis.call('HGET', key.hosts, host) or '')
  if not reads or last < now - 86400000 then reads, first = 0, now end
  redis.call('HSET', key.hosts, host, int(reads + tonumber(ARGV[i + 1])) .. ' ' .. int(first) .. ' ' .. int(now))
end

local all = redis.call('HGETALL', key.hosts)
for i = 1, #all, 2 do
  local _, _, last = read(all[i + 1])
  kept[#kept + 1] = {last, all[i]}
end
table.sort(kept, function(a, b) return a[1] > b[1] or a[1] == b[1] and a[2] < b[2] end)
for i = tonumber(ARGV[2]) + 1, #kept do redis.call('HDEL', key.hosts, kept[i][2]) end
return remember(ARGV[1], 1)
