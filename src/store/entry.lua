-- How an entry of an inbox is read. Needs inbox.lua.

-- The entry `seq` as a table of its fields: k kind, g group, t time, u who, w why it makes no
-- toast, l level, x text as JSON, s the entry it takes back. Empty if it left the stream.
local function entry_at(seq)
  local fields, entry = {}, redis.call('XRANGE', inbox, seq .. '-0', seq .. '-0')[1]
  if entry then
    for i = 1, #entry[2], 2 do fields[entry[2][i]] = entry[2][i + 1] end
  end
  return fields
end

-- How many people are in a group, those of its likes included whose entries had to leave the inbox.
local function count_of(group)
  local count, n = redis.call('ZCARD', tag .. 'group:' .. group), string.match(group, '^like%.(%d+)$')
  if not n then return count end
  local post = redis.call('HMGET', tag .. 'post:' .. n, 'past', 'likes')
  return math.max(count, math.min(count + (post[1] or 0), tonumber(post[2] or 0)))
end
