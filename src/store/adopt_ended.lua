-- Those who were told of a room that ended, as an earlier version put them aside: KEYS[1] `{r:NAME}:gone`;
-- ARGV when the room ended. They are put where they are now.
local tag = string.sub(KEYS[1], 1, -5)
local epoch = 'before ' .. ARGV[1]
if redis.call('EXISTS', tag .. 'untold') == 1 then
  redis.call('ZADD', KEYS[1], ARGV[1], epoch)
  redis.call('RENAME', tag .. 'untold', KEYS[1] .. ':' .. epoch .. ':told')
end
return redis.status_reply('OK')
