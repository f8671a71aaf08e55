-- SNAPSHOT one feed again, because an entry changed after the claim's snapshot.
-- KEYS[1] any key of the hub
-- ARGV[1] feed number, ARGV[2] how many entries
-- Answers as `snapshot` in snapshots.lua.

return snapshot(ARGV[1], tonumber(ARGV[2]))
