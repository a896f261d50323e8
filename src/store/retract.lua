-- How something is taken back. Needs inbox.lua.

-- Takes a whole group out. Answers whether it was there.
local function withdraw_group(group)
  open()
  local people = tag .. 'group:' .. group
  local all = redis.call('ZRANGE', people, 0, -1, 'WITHSCORES')
  if #all == 0 then return false end
  redis.call('UNLINK', people)
  for i = 1, #all, 2 do
    lapse(all[i + 1])
    bury(all[i], all[i + 1])
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
