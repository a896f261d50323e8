-- Mutes something: KEYS[1] `{user}:attention`; ARGV its field, since when, how much may be muted.
-- Answers whether it is muted now: what is muted already stays as it is, and is never too much.
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then return 1 end
local muted = 0
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.sub(field, 1, 5) == 'mute:' then muted = muted + 1 end
end
if muted >= tonumber(ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
