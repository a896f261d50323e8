-- Sweeps the entries of a group that is gone: KEYS[1] the inbox; ARGV the group, how many at most.
-- Answers whether some are left.
local gone, names = tag .. 'gone:' .. ARGV[1], {}
open()
local some = redis.call('ZRANGE', gone, 0, ARGV[2] - 1, 'WITHSCORES')
for i = 1, #some, 2 do
  local who, seq = some[i], some[i + 1]
  names[#names + 1] = who
  redis.call('LREM', tag .. 'from:' .. who, 1, seq)
  lapse(seq)
  -- The newer ones leave the stream as all that are dead do.
  if tonumber(seq) <= swept then redis.call('XDEL', inbox, seq .. '-0') end
end
if #names > 0 then redis.call('ZREM', gone, unpack(names)) end
return redis.call('EXISTS', gone)
