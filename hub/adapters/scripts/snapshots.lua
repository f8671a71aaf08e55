-- What scripts that answer snapshots share; put between lib.lua and them.

-- A list of entries that changed after `known`, each once ({entry, revision, data, refs, ...}), and the function that fills
-- it. 0: none is sent, and whoever asks will say what it lacks.
local function sender(known)
  local fresh, sent = {}, {}
  return fresh, function(e, seq)
    if known == 0 or seq <= known or sent[e] then return end
    sent[e] = true
    local entry = redis.call('HMGET', key.entry(e), 'rev', 'data', 'refs')
    if entry[2] then
      for _, part in ipairs({e, entry[1], entry[2], entry[3] or ''}) do fresh[#fresh + 1] = part end
    end
  end
end

-- SNAPSHOT of a feed: everything a document needs to know, in one read: `size` entries of the window, and the latest
-- `most` that left. `send` is called with each entry of the window and its seq here. An entry's change gives it a new seq in every feed it is in, so the seq tells whether a fragment still holds.
-- Answers {state, seq, labels stamp, {head fields}, {entry, seq here, ...} newest first, {entry id, seq, ...} gone, the
-- cursor from which on `gone` is complete}.
local function snapshot(n, size, send, most)
  local f = redis.call('HMGET', key.feed(n), 'state', 'seq', 'kind', 'slug', 'id', 'name', 'desc', 'url', 'image', 'updated', 'floor')
  for i = 1, 10 do f[i] = f[i] or '' end
  local window, gone = {}, {}
  local entries = redis.call('ZREVRANGE', key.window(n), 0, size - 1)
  local seqs = #entries > 0 and redis.call('ZMSCORE', key.log(n), unpack(entries)) or {}
  local quiet = #entries > 0 and redis.call('ZMSCORE', key.quiet(n), unpack(entries)) or {}
  for i, e in ipairs(entries) do
    local seq = quiet[i] or seqs[i]  -- a later one: a change that is told takes it away
    window[2 * i - 1], window[2 * i] = e, seq
    send(e, tonumber(seq))
  end
  local rows = redis.call('ZREVRANGE', key.gone(n), 0, most - 1, 'WITHSCORES')
  for i = 1, #rows, 2 do
    gone[i], gone[i + 1] = redis.call('HGET', key.entry(rows[i]), 'id'), rows[i + 1]
  end
  -- What left before the last of these is not said here.
  local floor = math.max(tonumber(f[11] or '0'), #rows == 2 * most and tonumber(rows[#rows]) or 0)
  local head = {f[3], f[4], f[5], f[6], f[7], f[8], f[9], f[10]}
  return {f[1], f[2], redis.call('GET', key.labels) or '0', head, window, gone, int(floor)}
end
