-- SETTLE what came of attempts, each on its own. One whose subscription was changed meanwhile (another generation), or is not
-- out any more, changes nothing. A cursor never goes back.
-- KEYS[1] any key of the hub
-- ARGV[1] notify interval (ms), ARGV[2] lease (ms), then one JSON object per attempt: id, g (generation), act, seq (text), and
--   lane, failures, since, delay (ms), refused, refused_since, attempt (JSON), keep (attempts kept)
--   act: advance (to seq, idle again), progress (to seq, still claimed), retry (after delay), pause, drop
-- Answers 1 if somebody is to be told now.

local now, told = now_ms(), 0
for i = 3, #ARGV do
  local s = cjson.decode(ARGV[i])
  local r = read_sub(s.id)
  if r and r.generation == s.g and r.cursor ~= '' and r.paused ~= 1 then
    local cursor = math.max(tonumber(r.cursor), tonumber(s.seq))
    if s.attempt then log_attempt(s.id, s.attempt, s.keep) end
    if s.act == 'drop' then
      drop_sub(s.id)
    else
      lift(s.id, r)
      r.lane, r.failures, r.since = s.lane, s.failures, s.since
      r.refused, r.refused_since = s.refused, s.refused_since
      if s.act == 'advance' then
        if place_idle(s.id, r, cursor, ARGV[1]) then told = 1 end
      elseif s.act == 'pause' then
        r.paused = 1
        place_due(s.id, r, cursor, 0)
      else
        place_due(s.id, r, cursor, now + (s.act == 'retry' and s.delay or tonumber(ARGV[2])))
      end
    end
  end
end
return told
