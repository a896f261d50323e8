-- Tells a person of something that somebody did in a room: KEYS[1] the person's inbox; ARGV kind,
-- room, who did it, who as JSON, text as JSON or '', time, a key that names the occasion,
-- generation, most entries, oldest time, which message of the room or which invitation, the room's title
-- as JSON. Answers {person exists, why it makes no toast or ''}. A repeat with the same key within a day does nothing.
local kind, room, who, actor, text, at = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
if redis.call('EXISTS', tag .. 'user') == 0 then return { 0, '' } end
local told = tag .. 'idem:' .. ARGV[7]
if redis.call('EXISTS', told) == 1 then return { 1, '' } end
local group = kind .. '.' .. room
local before = redis.call('ZSCORE', tag .. 'group:' .. group, who)
local fields, said = { 'm', ARGV[11] }, ''
if before then
  -- The newest few that this one takes the place of: should it be taken back, one of them is back.
  local earlier = before .. ' ' .. (entry_at(before).p or '')
  fields[3], fields[4] = 'p', string.match(earlier, '^%d+ ?%d* ?%d* ?%d* ?%d* ?%d* ?%d* ?%d*')
end
if text ~= '' then
  fields[#fields + 1], fields[#fields + 2] = 'x', text
  said = '"text":' .. text .. ','
end
local seq, withheld = notify(kind, group, before, 'room.' .. room, who, at, fields,
  said .. '"room":"' .. room .. '","room_title":' .. ARGV[12] .. ',"actor":' .. actor, ARGV[8], tonumber(ARGV[9]), tonumber(ARGV[10]))
redis.call('SET', told, seq, 'PX', 86400000)
return { 1, withheld }
