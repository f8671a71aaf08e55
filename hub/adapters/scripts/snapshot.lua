-- SNAPSHOT one feed again, because an entry changed after the claim's snapshot; or to say what changed in it.
-- KEYS[1] any key of the hub
-- ARGV[1] feed number, ARGV[2] how many entries, ARGV[3] seq up to which the asker knows entries (0: it will ask),
-- ARGV[4] how many that left
-- Answers {as `snapshot` in snapshots.lua, entries as `sender` there}.

local fresh, send = sender(tonumber(ARGV[3]))
return {snapshot(ARGV[1], tonumber(ARGV[2]), send, tonumber(ARGV[4])), fresh}
