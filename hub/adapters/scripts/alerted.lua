-- ALERTED: say how the oldest alert fared. One that was taken is taken off, whoever watches by now; and what was wrong is over.
-- KEYS[1] any key of the hub
-- ARGV[1] the alert, as it stands in the list: if another is the oldest by now, nothing happens
-- ARGV[2] why it was not taken, or empty, ARGV[3] ms until it is tried again
-- Answers 1 if it was the oldest.

if redis.call('LINDEX', key.alerts, 0) ~= ARGV[1] then return 0 end
if ARGV[2] == '' then
  redis.call('LPOP', key.alerts)
  redis.call('DEL', key.alerting, key.alerts_wait)
  return 1
end
redis.call('HSETNX', key.alerting, 'since', int(now_ms()))
redis.call('HSET', key.alerting, 'why', ARGV[2])
redis.call('HINCRBY', key.alerting, 'tries', 1)
redis.call('SET', key.alerts_wait, 1, 'PX', ARGV[3])
return 1
