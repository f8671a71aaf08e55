-- ORIGIN: keep a topic's document as it came. If it is another one, it gets the next seq and subscribers are behind.
-- KEYS[1] any key of the hub
-- ARGV[1] feed number, ARGV[2] hash, ARGV[3] the document (gzip), ARGV[4] its Content-Type, ARGV[5] notify interval (ms)
-- Answers 1 if somebody is to be told now.

local n = ARGV[1]
if redis.call('HGET', key.feed(n), 'state') ~= 'live' then return 0 end
if redis.call('HGET', key.document(n, 'origin'), 'hash') ~= ARGV[2] then
  local seq = int(stamp())
  redis.call('HSET', key.document(n, 'origin'), 'hash', ARGV[2], 'gzip', ARGV[3], 'type', ARGV[4], 'seq', seq)
  redis.call('HSET', key.feed(n), 'seq', seq, 'built', seq .. ' 0 0')
end
return mark_telling(n, ARGV[5]) and 1 or 0
