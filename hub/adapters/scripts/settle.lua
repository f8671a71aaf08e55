-- SETTLE what came of attempts, each on its own. One whose subscription is not under that claim any more changes nothing. A cursor never goes back.
-- KEYS[1] any key of the hub
-- ARGV[1] notify interval (ms), ARGV[2] lease (ms), then one JSON object per attempt: id, claim, act, seq (text),
--   state (lane, failures, since, refused, refused_since), delay (ms), attempt (JSON), keep (attempts kept)
--   act: advance (to seq, idle again), progress (to seq, still claimed), retry (after delay), pause, drop
-- Answers 1 if somebody is to be told now.

local now = now_ms()

-- Set these fields; true if one was different.
local function change(r, fields)
  local changed = false
  for name, value in pairs(fields) do
    changed = changed or r[name] ~= value
    r[name] = value
  end
  return changed
end

local idle = {}
for i = 3, #ARGV do
  local s = cjson.decode(ARGV[i])
  local r, own, claim = read_sub(s.id), out_of(s.id)
  if r and own and claim == s.claim then
    local cursor = math.max(tonumber(own), tonumber(s.seq))
    if s.attempt then log_attempt(s.id, s.attempt, s.keep) end
    if s.act == 'drop' then
      drop_sub(s.id)
    else
      redis.call('ZREM', key.due(r.lane), s.id)
      s.state.paused = s.act == 'pause' and 1 or 0
      if change(r, s.state) then write_sub(s.id, r) end
      if s.act == 'advance' then
        redis.call('HDEL', key.out, s.id)
        place_idle(s.id, r, cursor)
        idle[r.feed] = true
      else
        place_due(s.id, r, cursor, now + (s.act == 'retry' and s.delay or tonumber(ARGV[2])), s.act == 'progress' and claim)
      end
    end
  end
end

local told = 0
for n in pairs(idle) do
  if mark_again(n, ARGV[1]) then told = 1 end
end
return told
