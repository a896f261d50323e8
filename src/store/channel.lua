-- What the scripts of a broadcast channel share. KEYS[1] is always `{ch:NAME}:log`.
local log = KEYS[1]
local tag = string.sub(log, 1, -4)
local meta = tag .. 'log:meta'

-- The epoch that a channel gets whose numbers begin now. Whoever reads a channel that nobody has
-- published on is told this one, and nothing has to be written for it: the first message has it too.
-- Numbers are kept for at least 30 days, so they never begin anew within one month of this calendar,
-- and every history has an epoch of its own.
local function next_epoch()
  local month = math.floor(tonumber(redis.call('TIME')[1]) / 2592000)
  return 'm' .. month
end
