-- Reads a page of what made no toast, the newest first: KEYS[1] the inbox; ARGV the entry to begin
-- below (0: the top), how many at most. Answers {{seq, kind, group, time, who, why, level, text}, …}.
local below, most = ARGV[1] == '0' and '+inf' or '(' .. ARGV[1], tonumber(ARGV[2])
local list = {}
-- Likes of a post that was deleted are passed over, but never so many that this takes long.
for _ = 1, 10 do
  local page = redis.call('ZREVRANGEBYSCORE', tag .. 'silenced', below, '-inf', 'LIMIT', 0, most)
  for _, seq in ipairs(page) do
    local f = entry_at(seq)
    local n = string.match(f.g or '', '^like%.(%d+)$')
    if #list < most and (not n or redis.call('EXISTS', tag .. 'post:' .. n) == 1) then
      list[#list + 1] = { tonumber(seq), f.k or '', f.g or '', tonumber(f.t or 0), f.u or '', f.w or '',
        f.l or '', f.x or '' }
    end
  end
  if #list >= most or #page < most then break end
  below = '(' .. page[#page]
end
return list
