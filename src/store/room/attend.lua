-- Says who is looking at a room on one server, and that the server lives: KEYS[1] the room; ARGV
-- the server, most people of a room that is told, how long a server may be silent, 'all' (these are
-- here, and of those who were here before nobody else) or 'some' (these came and went), how many people
-- of silent servers are forgotten at most, how many came, then each one's id and themselves as JSON,
-- then the ids of those who went. Answers {whether this server was known to be here, whether there are
-- more people of silent servers, mention that nobody was told of in time, …}.
local server, silence = ARGV[1], tonumber(ARGV[3])
local now = clock()
local mine = tag .. 'here:' .. server

if redis.call('EXISTS', room) == 0 then return { 1, 0 } end
local known = redis.call('ZSCORE', servers, server) and 1 or 0
-- Times that are not yet, of a store whose clock was set back, would keep a dead server alive.
for _, early in ipairs(redis.call('ZRANGEBYSCORE', servers, '(' .. now, '+inf', 'LIMIT', 0, 100)) do
  redis.call('ZADD', servers, now, early)
end

-- Who was there before, of those who are counted anew.
local order, before, people = {}, {}, {}
local function count(user, by)
  if before[user] == nil then
    order[#order + 1] = user
    before[user] = redis.call('HEXISTS', here, user)
  end
  if redis.call('HINCRBY', here, user, by) <= 0 then redis.call('HDEL', here, user) end
end

-- Whoever reads it is not told of people of silent servers. So where one of them comes, they are told.
local silent = redis.call('ZCOUNT', servers, '-inf', now - silence) > 0
local through, unseen = silent and living(silence) or {}, {}
local last = 6 + 2 * tonumber(ARGV[6])
for i = 7, last, 2 do
  people[ARGV[i]] = ARGV[i + 1]
  unseen[ARGV[i]] = silent and looks(ARGV[i], through) == 0
end

if ARGV[4] == 'all' and redis.call('EXISTS', mine) == 1 then
  -- They may be many. They become those of a server that is gone.
  local gone = server .. '~' .. now
  redis.call('RENAME', mine, tag .. 'here:' .. gone)
  redis.call('ZADD', servers, 0, gone)
end
for i = 7, last, 2 do
  if redis.call('SADD', mine, ARGV[i]) == 1 then count(ARGV[i], 1) end
end
for i = last + 1, #ARGV do
  if redis.call('SREM', mine, ARGV[i]) == 1 then count(ARGV[i], -1) end
end
if redis.call('SCARD', mine) > 0 then
  redis.call('ZADD', servers, now, server)
else
  redis.call('ZREM', servers, server)
end

-- Last, so that nobody goes and comes who is here as well.
local left, waiting = tonumber(ARGV[5]), 0
for _, dead in ipairs(redis.call('ZRANGEBYSCORE', servers, '-inf', now - silence)) do
  if dead ~= server then
    local theirs = tag .. 'here:' .. dead
    if left > 0 then
      for _, user in ipairs(redis.call('SPOP', theirs, left)) do
        count(user, -1)
        left = left - 1
      end
    end
    local more = redis.call('SCARD', theirs)
    waiting = waiting + more
    if more == 0 then redis.call('ZREM', servers, dead) end
  end
end

local came, went = {}, {}
for _, user in ipairs(order) do
  local is = redis.call('HEXISTS', here, user)
  if is > before[user] or is == 1 and unseen[user] then came[#came + 1] = people[user] end
  if is < before[user] then went[#went + 1] = '"' .. user .. '"' end
end
-- In a crowd, everybody's coming to everybody would be more than everything that is said.
if (#came > 0 or #went > 0) and redis.call('HLEN', here) - waiting <= tonumber(ARGV[2]) then
  publish(0, '{"type":"presence","channel":"' .. channel .. '","here":[' .. table.concat(came, ',') .. ']'
    .. (#went > 0 and ',"gone":[' .. table.concat(went, ',') .. ']' or '') .. '}')
end
local answer = { known, waiting > 0 and 1 or 0 }
for _, owed in ipairs(redis.call('ZRANGEBYSCORE', tag .. 'owed', '-inf', now - 10000, 'LIMIT', 0, 20)) do
  answer[#answer + 1] = owed
end
return answer
