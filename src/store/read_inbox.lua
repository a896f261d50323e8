-- Reads where an inbox stands, and what follows an entry: KEYS[1] the inbox; ARGV the entry to
-- begin after (-1: none is wanted), how many at most. Answers
-- {epoch, seq, first, unread, announcements entered, {{seq, kind, group, time, who, taken back, live, why it makes no
-- toast, level, text}, …}}.
local after, most = tonumber(ARGV[1]), tonumber(ARGV[2])
local fields = redis.call('HMGET', meta, 'epoch', 'seq', 'first', 'unread', 'announced')
local entries = {}
if after >= 0 then
  local range = redis.call('XRANGE', inbox, (after + 1) .. '-0', '+', 'COUNT', most)
  for i, entry in ipairs(range) do
    local f = {}
    for j = 1, #entry[2], 2 do f[entry[2][j]] = entry[2][j + 1] end
    local seq = tonumber(string.match(entry[1], '%d+'))
    -- A person's newest entry in a group is the live one; what is not live was taken back.
    local live = f.u and tonumber(redis.call('ZSCORE', tag .. 'group:' .. f.g, f.u) or 0) == seq
    entries[i] = { seq, f.k, f.g, tonumber(f.t), f.u or '', tonumber(f.s or 0), live and 1 or 0,
      f.w or '', f.l or '', f.x or '' }
  end
end
return { fields[1] or '', tonumber(fields[2] or 0), tonumber(fields[3] or 1),
  tonumber(fields[4] or 0), fields[5] or '', entries }
