-- LOOK: take URLs that are to be read now, for `lease` ms; the same token gets the same ones. Origins that nobody wants any
-- more are forgotten instead.
-- KEYS[1] any key of the hub
-- ARGV[1] token, ARGV[2] how many at most, ARGV[3] lease (ms), ARGV[4] after so long (ms) an unwanted origin is forgotten
-- Answers {ms until the next is due (-1: there is none), id, {field, value, ...}, ...}.

local now, taken = now_ms(), {}
local kept = redis.call('GET', key.claim(ARGV[1]))
if kept then
  taken = cjson.decode(kept)
else
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', key.remotes, '-inf', int(now), 'LIMIT', 0, tonumber(ARGV[2]))) do
    if is_idle(id, now, tonumber(ARGV[4])) then
      forget(id)
    else
      redis.call('ZADD', key.remotes, int(now + tonumber(ARGV[3])), id)
      redis.call('HSET', key.remote(id), 'token', ARGV[1], 'asked', int(now), 'reading', '1')
      redis.call('HDEL', key.remote(id), 'pinged')
      taken[#taken + 1] = id
    end
  end
  if #taken > 0 then redis.call('SET', key.claim(ARGV[1]), cjson.encode(taken), 'PX', tonumber(ARGV[3])) end
end

local next_one = redis.call('ZRANGE', key.remotes, 0, 0, 'WITHSCORES')
local answer = {next_one[2] and math.max(0, tonumber(next_one[2]) - now) or -1}
for _, id in ipairs(taken) do
  answer[#answer + 1] = id
  answer[#answer + 1] = redis.call('HGETALL', key.remote(id))
end
return answer
