-- Takes back that a message of a room mentioned somebody: KEYS[1] the person's inbox; ARGV room, who
-- said it or '', which message, the key that names the occasion, time, generation, most entries,
-- oldest time. Answers whether they had been told. If they were not, they will not be.
local room, who, which, at, generation = ARGV[1], ARGV[2], ARGV[3], ARGV[5], ARGV[6]
local told, group = tag .. 'idem:' .. ARGV[4], 'mention.' .. room
local people = tag .. 'group:' .. group
if redis.call('EXISTS', tag .. 'user') == 0 then return 0 end

local known = redis.call('GET', told) or '0'
redis.call('SET', told, '0', 'PX', 86400000)
if who == '' then who = entry_at(known).u or '' end
-- Whether this entry says that the message mentions them.
local function is_it(fields) return fields.g == group and fields.u == who and fields.m == which end

local live_one = redis.call('ZSCORE', people, who)
local newest_of_theirs = live_one and entry_at(live_one) or {}
local found
if is_it(newest_of_theirs) then found = live_one end
if not found and is_it(entry_at(known)) then found = known end
for seq in string.gmatch(newest_of_theirs.p or '', '%d+') do
  if not found and is_it(entry_at(seq)) then found = seq end
end
if not found then return 0 end

lapse(found)
if found == live_one then
  -- What it had taken the place of is back, where it is still there.
  local back
  for seq in string.gmatch(newest_of_theirs.p or '', '%d+') do
    local fields = entry_at(seq)
    if not back and fields.g == group and fields.u == who then back = seq end
  end
  open()
  if back then
    bury(who, found)
    redis.call('ZADD', people, back, who)
    redis.call('LPUSH', tag .. 'from:' .. who, back)
    live = live + 1
    set_newest(group, redis.call('ZREVRANGE', people, 0, 0, 'WITHSCORES')[2])
  else
    withdraw(group, who, found)
  end
end
redis.call('XDEL', inbox, found .. '-0')
retract(generation, group, at, found, tonumber(ARGV[7]), tonumber(ARGV[8]))
return 1
