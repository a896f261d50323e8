-- Tells a person of something that somebody did in a room: KEYS[1] the person's inbox; ARGV kind,
-- room, who did it, who as JSON, text as JSON or '', time, a key that names the occasion,
-- generation, most entries, oldest time. Answers {person exists, why it makes no toast or ''}. A
-- repeat with the same key within a day does nothing.
local kind, room, who, actor, text, at = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
if redis.call('EXISTS', tag .. 'user') == 0 then return { 0, '' } end
if not redis.call('SET', tag .. 'idem:' .. ARGV[7], 1, 'NX', 'PX', 86400000) then return { 1, '' } end
local fields, said = {}, ''
if text ~= '' then fields, said = { 'x', text }, '"text":' .. text .. ',' end
local _, withheld = notify(kind, kind .. '.' .. room, 'room.' .. room, who, at, fields,
  said .. '"room":"' .. room .. '","actor":' .. actor, ARGV[8], tonumber(ARGV[9]), tonumber(ARGV[10]))
return { 1, withheld }
