-- Some of those who look at a room: KEYS[1] the room; ARGV how many at most, how long a server may be
-- silent.
local most, found, known = tonumber(ARGV[1]), {}, {}
-- People may look through many servers, and this is never to take long.
local left = most * 20
for _, server in ipairs(living(tonumber(ARGV[2]))) do
  for _, user in ipairs(redis.call('SRANDMEMBER', tag .. 'here:' .. server, most)) do
    left = left - 1
    if not known[user] then
      known[user] = true
      found[#found + 1] = user
    end
    if #found == most or left == 0 then return found end
  end
end
return found
