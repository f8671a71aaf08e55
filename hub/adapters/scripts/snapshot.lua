-- SNAPSHOT a feed: everything a document needs to know, in one read.
-- KEYS[1] any key of the hub
-- ARGV[1] feed number, ARGV[2] how many entries
-- Answers {state, seq, labels stamp, {head fields}, {entry, revision, seq here, ...} newest first,
--          {entry id, seq, ...} gone, latest first}.

local n, size = ARGV[1], tonumber(ARGV[2])
local f = redis.call('HMGET', key.feed(n), 'state', 'seq', 'kind', 'slug', 'id', 'name', 'desc', 'url', 'image', 'updated')
for i = 1, 10 do f[i] = f[i] or '' end

local window, gone = {}, {}
for _, e in ipairs(redis.call('ZREVRANGE', key.window(n), 0, size - 1)) do
  window[#window + 1] = e
  window[#window + 1] = redis.call('HGET', key.entry(e), 'rev')
  window[#window + 1] = redis.call('ZSCORE', key.log(n), e)
end
local rows = redis.call('ZREVRANGE', key.gone(n), 0, size - 1, 'WITHSCORES')
for i = 1, #rows, 2 do
  gone[#gone + 1] = redis.call('HGET', key.entry(rows[i]), 'id')
  gone[#gone + 1] = rows[i + 1]
end
local head = {f[3], f[4], f[5], f[6], f[7], f[8], f[9], f[10]}
return {f[1], f[2], redis.call('GET', key.labels) or '0', head, window, gone}
