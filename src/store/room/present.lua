-- Who is looking at a room. Nobody looks through a server that has been silent for too long, also where
-- no other server has cleared it away yet. Needs room.lua and clock.lua.

-- The servers that are alive.
local function living(silence)
  return redis.call('ZRANGEBYSCORE', servers, '(' .. (clock() - silence), '+inf')
end

-- 1 if somebody looks through one of these servers, else 0.
local function looks(user, through)
  if redis.call('HEXISTS', here, user) == 1 then
    for _, server in ipairs(through) do
      if redis.call('SISMEMBER', tag .. 'here:' .. server, user) == 1 then return 1 end
    end
  end
  return 0
end
