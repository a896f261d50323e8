-- Somebody has read a room: KEYS[1] the room; ARGV who, up to where, most members of a room that is
-- told. A mark never goes back. In a larger room only their own devices are told.
local user, seq = ARGV[1], tonumber(ARGV[2])
if not role_of(user) or seq > tonumber(redis.call('HGET', meta, 'seq') or 0) then return end
if seq <= tonumber(redis.call('HGET', reads, user) or 0) then return end
redis.call('HSET', reads, user, seq)
-- In a crowd, everybody's mark to everybody would be more than everything that is said.
local crowd = redis.call('ZCARD', members) > tonumber(ARGV[3])
publish(crowd and '@' .. user or 0,
  '{"type":"read","channel":"' .. channel .. '","user_id":"' .. user .. '","seq":' .. seq .. '}')
