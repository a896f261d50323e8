-- Notes with somebody that they are invited into a room: KEYS[1] `{user}:invitations`; ARGV the room,
-- when, who invites, how many are kept. Where there are more, whoever made the most of them loses
-- their oldest one: many invitations of one person push out nobody else's.
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ' ' .. ARGV[3])
if redis.call('HLEN', KEYS[1]) <= tonumber(ARGV[4]) then return end
local all, by, most = redis.call('HGETALL', KEYS[1]), {}, nil
for i = 1, #all, 2 do
  local at, who = string.match(all[i + 1], '(%d+) (%S+)')
  local theirs = by[who] or { count = 0 }
  by[who] = theirs
  theirs.count = theirs.count + 1
  if not theirs.at or tonumber(at) < theirs.at then theirs.at, theirs.room = tonumber(at), all[i] end
end
for _, theirs in pairs(by) do
  if not most or theirs.count > most.count or theirs.count == most.count and theirs.at < most.at then
    most = theirs
  end
end
redis.call('HDEL', KEYS[1], most.room)
