-- JUDGED: keep what the watch decided on problems, and store the alerts that come of it, in one step.
-- KEYS[1] any key of the hub
-- ARGV[1] the watch's token: whoever is not the watch any more changes nothing
-- ARGV[2] token of this call (the same one is done once)
-- ARGV[3] JSON: keep {id: record}, drop [id], alerts [record]
-- ARGV[4] how many alerts are kept, the newest

if redis.call('GET', key.watch) ~= ARGV[1] then return 0 end
local answer = remembered(ARGV[2])
if answer then return answer end
local said = cjson.decode(ARGV[3])
for id, record in pairs(said.keep) do redis.call('HSET', key.kept, id, record) end
for _, id in ipairs(said.drop) do redis.call('HDEL', key.kept, id) end
for _, record in ipairs(said.alerts) do redis.call('RPUSH', key.alerts, record) end
redis.call('LTRIM', key.alerts, -tonumber(ARGV[4]), -1)
return remember(ARGV[2], 1)
