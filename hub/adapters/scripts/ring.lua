-- RING a queue: if no ring is pending, raise the flag and enqueue a job as RQ would, in one step, so that neither is
-- ever there without the other. The job's id is drawn here: a repeated command must not enqueue an id that is running,
-- whose end would take the new job's hash with it.
-- KEYS[1] any key of the hub
-- ARGV[1] queue, ARGV[2] how long a ring counts as pending (ms), ARGV[3] 1 to ignore the flag, 2 to ring only if somebody is to be
-- told now,
-- ARGV[4] RQ's set of queues, ARGV[5] RQ's list of this queue, ARGV[6] what RQ's key of a job begins with,
-- ARGV[7] the job's time to live (s), then the fields of its hash
-- Answers 1 if it rang.

if ARGV[3] == '2' and redis.call('ZCOUNT', key.telling, '-inf', int(now_ms())) == 0 then return 0 end
local flag = key.pending(ARGV[1])
if ARGV[3] == '1' then
  redis.call('SET', flag, 1, 'PX', ARGV[2])
elseif not redis.call('SET', flag, 1, 'PX', ARGV[2], 'NX') then
  return 0
end
local id = ARGV[1] .. '-ring-' .. int(stamp())  -- see rung in hub/adapters/queue.py
redis.call('HSET', ARGV[6] .. id, unpack(ARGV, 8))
redis.call('EXPIRE', ARGV[6] .. id, ARGV[7])
redis.call('SADD', ARGV[4], ARGV[5])
redis.call('RPUSH', ARGV[5], id)
redis.call('LTRIM', ARGV[5], -8, -1)  -- one is as good as many: without a worker they would only pile up
return 1
