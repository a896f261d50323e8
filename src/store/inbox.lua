-- What the scripts that change an inbox share. KEYS[1] is always `{user}:inbox`; the other keys
-- of that person carry the same tag, lie in the same slot, and are derived from it.
local inbox = KEYS[1]
local tag = string.sub(inbox, 1, -6)
local meta, groups, reads = tag .. 'inbox:meta', tag .. 'groups', tag .. 'reads'
local pending, silenced, ledger = tag .. 'pending', tag .. 'silenced', tag .. 'ledger'

local function publish(topic, seq, frame)
  redis.call('SPUBLISH', topic, seq .. ' ' .. frame)
end

-- So many entries have come to this end. What has none yet is in `pending`.
local function settle(outcome, count)
  if count > 0 then redis.call('HINCRBY', ledger, outcome, count) end
end

-- Nobody has to be told of this entry any more.
local function lapse(seq)
  settle('lapsed', redis.call('ZREM', pending, seq))
  redis.call('ZREM', silenced, seq)
end

-- Sets the newest live entry of a group (nil: none is left) and keeps the unread count true:
-- it counts the groups whose newest live entry lies above their read mark.
local function set_newest(group, newest)
  local before = tonumber(redis.call('ZSCORE', groups, group) or 0)
  local mark = tonumber(redis.call('HGET', reads, group) or 0)
  if newest then
    redis.call('ZADD', groups, newest, group)
  else
    redis.call('ZREM', groups, group)
    if mark > 0 then redis.call('HDEL', reads, group) end
  end
  local was, is = before > mark, (newest or 0) > mark
  if was ~= is then redis.call('HINCRBY', meta, 'unread', is and 1 or -1) end
end

-- Takes a person's live entry out of a group.
local function withdraw(group, person)
  local people = tag .. 'group:' .. group
  redis.call('ZREM', people, person)
  local newest = redis.call('ZREVRANGE', people, 0, 0, 'WITHSCORES')
  set_newest(group, newest[2] and tonumber(newest[2]))
end

-- The entry `seq` as a table of its fields: k kind, g group, t time, u who, w why it makes no
-- toast, l level, x text as JSON, s the entry it takes back. Empty if it was trimmed.
local function entry_at(seq)
  local fields, entry = {}, redis.call('XRANGE', inbox, seq .. '-0', seq .. '-0')[1]
  if entry then
    for i = 1, #entry[2], 2 do fields[entry[2][i]] = entry[2][i + 1] end
  end
  return fields
end

-- Drops the oldest entries above `max` or older than `oldest`. A few a call are enough to keep
-- up, since every call adds one.
local function trim(seq, max, oldest)
  local first = tonumber(redis.call('HGET', meta, 'first') or 1)
  local begin = first
  while first < seq and first - begin < 8 do
    local fields = entry_at(first)
    local fits = seq - first < max
    if fits and fields.t and tonumber(fields.t) >= oldest then break end
    if fields.u then
      local live = redis.call('ZSCORE', tag .. 'group:' .. fields.g, fields.u)
      if tonumber(live or 0) == first then withdraw(fields.g, fields.u) end
    end
    first = first + 1
  end
  if first > begin then
    redis.call('XTRIM', inbox, 'MINID', first .. '-0')
    settle('lapsed', redis.call('ZREMRANGEBYSCORE', pending, '-inf', first - 1))
    redis.call('ZREMRANGEBYSCORE', silenced, '-inf', first - 1)
    redis.call('HSET', meta, 'first', first)
  end
end

-- Stores that an entry (or, without `entry`, a whole group) was taken back.
local function append_retract(group, at, entry)
  local seq = redis.call('HINCRBY', meta, 'seq', 1)
  redis.call('HINCRBY', ledger, 'retracts', 1)
  local id, fields = seq .. '-0', { 'k', 'retract', 'g', group, 't', at }
  if entry then
    fields[7], fields[8] = 's', entry
  end
  redis.call('XADD', inbox, id, unpack(fields))
  return seq
end

-- The epoch as clients know it, and the unread count.
local function standing(generation)
  local fields = redis.call('HMGET', meta, 'epoch', 'unread')
  return generation .. '.' .. (fields[1] or '0'), fields[2] or '0'
end

-- Tells the owner that an entry (or, without `entry`, a whole group) was taken back.
local function publish_retract(generation, seq, entry, group)
  local epoch, unread = standing(generation)
  local retracts = entry and ('"retracts":' .. entry .. ',') or ''
  publish(tag .. 'live', seq, '{"type":"retract","epoch":"' .. epoch .. '","seq":' .. seq .. ','
    .. retracts .. '"group":"' .. group .. '","unread":' .. unread .. '}')
end
