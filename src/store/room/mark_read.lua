-- Somebody has read a room: KEYS[1] the room; ARGV who, up to where, most members of a room that is
-- told. A mark never goes back.
local user, seq = ARGV[1], tonumber(ARGV[2])
if not role_of(user) or seq > tonumber(redis.call('HGET', meta, 'seq') or 0) then return end
if seq <= tonumber(redis.call('HGET', reads, user) or 0) then return end
redis.call('HSET', reads, user, seq)
-- In a crowd, everybody's mark to everybody would be more than everything that is said.
if redis.call('ZCARD', members) <= tonumber(ARGV[3]) then
  publish(0, '{"type":"read","channel":"' .. channel .. '","user_id":"' .. user .. '","seq":' .. seq .. '}')
end
