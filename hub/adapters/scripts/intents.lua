-- INTENTS: claim requests whose intent is to be verified now.
-- KEYS[1] any key of the hub
-- ARGV[1] how many at most, ARGV[2] lease (ms)
-- Answers {id, request, token, tries, ...}.

local now, found = now_ms(), {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', key.verifying, '-inf', int(now), 'LIMIT', 0, tonumber(ARGV[1]))) do
  local i = hash(key.intent(id), 'body', 'token', 'tries')
  if i.body then
    redis.call('ZADD', key.verifying, int(now + tonumber(ARGV[2])), id)
    for _, part in ipairs({id, i.body, i.token, i.tries}) do found[#found + 1] = part end
  else
    redis.call('ZREM', key.verifying, id)  -- kept too long
  end
end
return found
