-- The clock of the store, in milliseconds since 1970. Whether a server lives is decided by it alone: the
-- clocks of the servers may differ by more than a server may be silent.
local function clock()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
