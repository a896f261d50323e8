-- Reads a page of what made no toast, the newest first: KEYS[1] the inbox; ARGV the entry to begin
-- below (0: the top), how many at most. Answers {{seq, kind, group, time, who, why, level, text}, …}.
local below = ARGV[1] == '0' and '+inf' or '(' .. ARGV[1]
local page = redis.call('ZREVRANGEBYSCORE', tag .. 'silenced', below, '-inf', 'LIMIT', 0, ARGV[2])
local list = {}
for i, seq in ipairs(page) do
  local f = entry_at(seq)
  list[i] = { tonumber(seq), f.k or '', f.g or '', tonumber(f.t or 0), f.u or '', f.w or '',
    f.l or '', f.x or '' }
end
return list
