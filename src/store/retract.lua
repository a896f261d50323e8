-- How something is taken back. Needs inbox.lua.

-- Takes a whole group out, a hundred people a call. Answers whether it was there, or 'more' where some
-- are left.
local function withdraw_group(group)
  open()
  local people, names = tag .. 'group:' .. group, {}
  local some = redis.call('ZRANGE', people, 0, 99, 'WITHSCORES')
  if #some == 0 then return false end
  for i = 1, #some, 2 do
    names[#names + 1] = some[i]
    lapse(some[i + 1])
    bury(some[i], some[i + 1])
  end
  redis.call('ZREM', people, unpack(names))
  if redis.call('EXISTS', people) == 1 then
    save()
    return 'more'
  end
  set_newest(group, nil)
  return true
end

-- Stores that an entry (or, without `entry`, a whole group) was taken back, and tells the owner.
local function retract(generation, group, at, entry, max, oldest)
  open()
  newest = newest + 1
  redis.call('HINCRBY', tag .. 'ledger', 'retracts', 1)
  local fields = { 'k', 'retract', 'g', group, 't', at }
  if entry then fields[7], fields[8] = 's', entry end
  redis.call('XADD', inbox, newest .. '-0', unpack(fields))
  trim(max, oldest)
  save()
  local retracts = entry and ('"retracts":' .. entry .. ',') or ''
  publish(tag .. 'live', newest, '{"type":"retract","epoch":"' .. generation .. '.' .. epoch
    .. '","seq":' .. newest .. ',' .. retracts .. '"group":"' .. group .. '","unread":' .. unread .. '}')
end
