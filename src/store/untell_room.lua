-- Takes back what somebody was told of a room: KEYS[1] the person's inbox; ARGV room, up to when, time,
-- generation, most entries, oldest time, kinds. What is newer stays: there may be another room of this
-- name. Does a part a call, and answers 'more' where something is left; in the end their devices are told.
local room, last, at, generation = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
local max, oldest = tonumber(ARGV[5]), tonumber(ARGV[6])
local function is_of_it(seq) return tonumber(entry_at(seq).t or 0) <= last end

for i = 7, #ARGV do
  local group = ARGV[i] .. '.' .. room
  local people = tag .. 'group:' .. group
  local newest_one = redis.call('ZREVRANGE', people, 0, 0, 'WITHSCORES')[2]
  if newest_one and is_of_it(newest_one) then
    if withdraw_group(group) == 'more' then return 'more' end
    retract(generation, group, at, nil, max, oldest)
  elseif newest_one then
    open()
    local some = redis.call('ZRANGE', people, 0, 49, 'WITHSCORES')
    for j = 1, #some, 2 do
      if not is_of_it(some[j + 1]) then break end
      lapse(some[j + 1])
      withdraw(group, some[j], some[j + 1])
      retract(generation, group, at, some[j + 1], max, oldest)
      if j + 1 == #some and #some == 100 then return 'more' end
    end
  end
end
-- Their list of rooms is another one now.
publish(tag .. 'rooms:live', 0, '{"type":"rooms","room":"' .. room .. '"}')
return 'ok'
