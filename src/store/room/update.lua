-- Changes a room: KEYS[1] the room; ARGV who does it, title or '', '1' private, '0' public, or ''.
-- Answers 'ok', 'none' to somebody who is not in it, or 'forbidden'.
local role = role_of(ARGV[1])
if not role then return 'none' end
if role ~= 'owner' then return 'forbidden' end
if ARGV[2] ~= '' then redis.call('HSET', room, 'title', ARGV[2]) end
if ARGV[3] ~= '' then redis.call('HSET', room, 'private', ARGV[3]) end
return 'ok'
