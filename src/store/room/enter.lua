-- Joins a room: KEYS[1] the room; ARGV who, time, most members, 'ask' if only the right to it is asked
-- for. Answers 'ok', 'same' to a member, 'none', 'forbidden' to somebody who was removed, or 'full'.
local user = ARGV[1]
local private = redis.call('HGET', room, 'private')
local asked = redis.call('ZSCORE', invited, user)
if not private then return 'none' end
if role_of(user) then return 'same' end
if private == '1' and not asked then return 'none' end
if redis.call('ZSCORE', banned, user) and not asked then return 'forbidden' end
if redis.call('ZCARD', members) >= tonumber(ARGV[3]) then return 'full' end
if ARGV[4] == 'ask' then return 'ok' end
redis.call('ZREM', banned, user)
admit(user, ARGV[2])
publish_member(user, 'member')
return 'ok'
