-- PINGED: somebody, perhaps a stranger, says that URLs changed: have those that are read here read soon, each once in `gap` ms.
-- KEYS[1] any key of the hub
-- ARGV[1] gap (ms), then ids of ingest feeds (`i:...`) and addresses of origins (`origin/<key>`); unknown ones mean nothing
-- Answers 1 if one of them is to be read.

local now, known = now_ms(), 0
for i = 2, #ARGV do
  local id = ARGV[i]
  if string.sub(id, 1, 7) == 'origin/' then id = 'o:' .. (redis.call('HGET', key.slugs, id) or '') end
  if redis.call('ZSCORE', key.remotes, id) then
    known = 1
    local w = hash(key.remote(id), 'asked', 'reading')
    redis.call('HSET', key.remote(id), 'pinged', int(now))
    if not w.reading then  -- else it is read again once that is done
      local at = math.min(math.max(now, tonumber(w.asked or '0') + tonumber(ARGV[1])), now + tonumber(ARGV[1]))
      redis.call('ZADD', key.remotes, 'LT', int(at), id)
    end
  end
end
return known
