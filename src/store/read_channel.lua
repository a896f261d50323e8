-- Reads a channel's history: KEYS[1] `{ch:NAME}:log`; ARGV the entry to begin after, how many at
-- most. Writes nothing, also where nobody has published yet. Answers
-- {epoch, seq, {{seq, id, text as a JSON string, time, level or ''}, …}}. Needs channel.lua.
local fields = redis.call('HMGET', meta, 'epoch', 'seq')
local entries = {}
for i, entry in ipairs(redis.call('XRANGE', log, (tonumber(ARGV[1]) + 1) .. '-0', '+', 'COUNT', ARGV[2])) do
  entries[i] = { tonumber(string.match(entry[1], '%d+')), entry[2][2], entry[2][4], tonumber(entry[2][6]),
    entry[2][8] or '' }
end
return { fields[1] or next_epoch(), tonumber(fields[2] or 0), entries }
