-- Takes back the notes that somebody is in a room or invited: KEYS[1] `{user}:rooms`; ARGV the room,
-- and a time: what was noted after it stays, since it is of a room that was made later.
local invitations = string.sub(KEYS[1], 1, -6) .. 'invitations'
local room, last = ARGV[1], tonumber(ARGV[2])
local came = redis.call('ZSCORE', KEYS[1], room)
if came and tonumber(came) <= last then redis.call('ZREM', KEYS[1], room) end
local asked = redis.call('HGET', invitations, room)
if asked and tonumber(string.match(asked, '%d+')) <= last then redis.call('HDEL', invitations, room) end
