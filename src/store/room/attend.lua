-- Says who is looking at a room on one server, and that the server lives: KEYS[1] the room; ARGV
-- the server, time, how long a server may be silent, 'all' (exactly these are here) or 'some' (these
-- came and went), how many came, then each one's id and themselves as JSON, then the ids of those
-- who went. Servers that were silent too long are forgotten with everybody who was there.
local server, now, silence = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local came, went, people = {}, {}, {}
local mine = tag .. 'here:' .. server

if redis.call('EXISTS', room) == 0 then return { 1 } end
local known = redis.call('ZSCORE', servers, server) and 1 or 0

local function enter(user)
  if redis.call('HINCRBY', here, user, 1) == 1 then came[#came + 1] = people[user] end
end
local function leave(user)
  if redis.call('HINCRBY', here, user, -1) <= 0 then
    redis.call('HDEL', here, user)
    went[#went + 1] = '"' .. user .. '"'
  end
end

for _, dead in ipairs(redis.call('ZRANGEBYSCORE', servers, '-inf', now - silence)) do
  for _, user in ipairs(redis.call('SMEMBERS', tag .. 'here:' .. dead)) do leave(user) end
  redis.call('DEL', tag .. 'here:' .. dead)
  redis.call('ZREM', servers, dead)
end

local last = 5 + 2 * tonumber(ARGV[5])
for i = 6, last, 2 do
  local user = ARGV[i]
  people[user] = ARGV[i + 1]
  if redis.call('SADD', mine, user) == 1 then enter(user) end
end
if ARGV[4] == 'all' then
  for _, user in ipairs(redis.call('SMEMBERS', mine)) do
    if not people[user] and redis.call('SREM', mine, user) == 1 then leave(user) end
  end
end
for i = last + 1, #ARGV do
  if redis.call('SREM', mine, ARGV[i]) == 1 then leave(ARGV[i]) end
end

if redis.call('SCARD', mine) > 0 then
  redis.call('ZADD', servers, now, server)
else
  redis.call('ZREM', servers, server)
end
if #came > 0 or #went > 0 then
  publish(0, '{"type":"presence","channel":"' .. channel .. '","here":[' .. table.concat(came, ',') .. ']'
    .. (#went > 0 and ',"gone":[' .. table.concat(went, ',') .. ']' or '') .. '}')
end
local answer = { known }
for _, owed in ipairs(redis.call('ZRANGEBYSCORE', tag .. 'owed', '-inf', now - 10000, 'LIMIT', 0, 20)) do
  answer[#answer + 1] = owed
end
return answer
