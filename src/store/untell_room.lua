-- Takes back what somebody was told of a room: KEYS[1] the person's inbox; ARGV room, up to when, time,
-- generation, most entries, oldest time, kinds. What is newer stays: there may be another room of this
-- name.
local room, last, at, generation = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
local max, oldest = tonumber(ARGV[5]), tonumber(ARGV[6])
for i = 7, #ARGV do
  local group, gone, stays = ARGV[i] .. '.' .. room, {}, false
  local all = redis.call('ZRANGE', tag .. 'group:' .. group, 0, -1, 'WITHSCORES')
  for j = 1, #all, 2 do
    if tonumber(entry_at(all[j + 1]).t or 0) <= last then
      gone[#gone + 1] = { all[j], all[j + 1] }
    else
      stays = true
    end
  end
  if stays then
    open()
    for _, entry in ipairs(gone) do
      lapse(entry[2])
      withdraw(group, entry[1], entry[2])
      retract(generation, group, at, entry[2], max, oldest)
    end
  elseif withdraw_group(group) then
    retract(generation, group, at, nil, max, oldest)
  end
end
return 'ok'
