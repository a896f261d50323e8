-- Marks an inbox: KEYS[1] the inbox; ARGV generation, epoch as the client knows it, the entry
-- up to which, 'read' | 'unread' | 'seen', a group or '' for all. Answers 'ok', 'stale' (another
-- epoch, or behind a mark that was set) or 'beyond' (an entry that is not there yet).
local generation, known, through, what, group = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]
open()
if generation .. '.' .. epoch ~= known then return 'stale' end
local fields = redis.call('HMGET', meta, 'seq', 'seen', 'read')
if through > tonumber(fields[1] or 0) then return 'beyond' end

-- Moves one group's mark, and the unread count with it.
local reads = tag .. 'reads'
local function mark(name, last, from, to)
  if to == tonumber(floor) then redis.call('HDEL', reads, name) else redis.call('HSET', reads, name, to) end
  if last > from then unread = unread - 1 end
  if last > to then unread = unread + 1 end
end

-- Whoever has a group before them need not be told of what is in it.
local function catch_up(name)
  local live, seqs = redis.call('ZRANGEBYSCORE', tag .. 'group:' .. name, '-inf', through, 'WITHSCORES'), {}
  for i = 2, #live, 2 do
    seqs[#seqs + 1] = live[i]
    if #seqs == 500 or i == #live then
      settle('caught_up', redis.call('ZREM', tag .. 'pending', unpack(seqs)))
      seqs = {}
    end
  end
end

-- Marks all groups at once: from now on they are read up to `through`, without a mark of each. Only
-- groups that have a mark of their own are looked at: they keep it where it is higher.
local function raise_floor()
  local marks, kept = redis.call('HGETALL', reads), {}
  unread = redis.call('ZCOUNT', groups, '(' .. through, '+inf')
  for i = 1, #marks, 2 do
    local own = tonumber(marks[i + 1])
    local last = own > through and tonumber(redis.call('ZSCORE', groups, marks[i]) or 0) or 0
    if last > through then
      kept[#kept + 1], kept[#kept + 2] = marks[i], marks[i + 1]
      if last <= own then unread = unread - 1 end
    end
  end
  redis.call('UNLINK', reads)
  for from = 1, #kept, 1000 do
    redis.call('HSET', reads, unpack(kept, from, math.min(from + 999, #kept)))
  end
  redis.call('HSET', meta, 'read', ARGV[3], 'floor', ARGV[3])
end

-- In a group of a room, an entry takes the place of the one before it by the same person, which may still
-- be pending. Of those that are, no more than these are ever looked at for a push.
local function catch_up_replaced(name)
  if not (string.match(name, '^mention%.') or string.match(name, '^invitation%.')) then return end
  local count = 0
  local seqs = redis.call('ZREVRANGEBYSCORE', tag .. 'pending', through, '-inf', 'LIMIT', 0, 1000)
  for _, seq in ipairs(seqs) do
    local entry = redis.call('XRANGE', inbox, seq .. '-0', seq .. '-0')[1]
    -- Every entry begins with kind and group.
    if entry and entry[2][4] == name then count = count + redis.call('ZREM', tag .. 'pending', seq) end
  end
  settle('caught_up', count)
end

if what == 'seen' then
  if through <= tonumber(fields[2] or 0) then return 'ok' end
  redis.call('HSET', meta, 'seen', through)
  settle('caught_up', redis.call('ZREMRANGEBYSCORE', tag .. 'pending', '-inf', through))
elseif group ~= '' then
  local last = tonumber(redis.call('ZSCORE', groups, group) or 0)
  if last == 0 then return 'stale' end
  local from = tonumber(redis.call('HGET', reads, group) or floor)
  if what == 'unread' then
    mark(group, last, from, 0)
  else
    if through < from then return 'stale' end
    mark(group, last, from, through)
    catch_up(group)
    catch_up_replaced(group)
  end
elseif what == 'unread' then
  redis.call('UNLINK', reads)
  redis.call('HSET', meta, 'floor', 0)
  unread = redis.call('ZCARD', groups)
else
  if through < tonumber(fields[3] or 0) then return 'stale' end
  raise_floor()
  settle('caught_up', redis.call('ZREMRANGEBYSCORE', tag .. 'pending', '-inf', through))
end

save()
local only = group ~= '' and ('"group":"' .. group .. '",') or ''
publish(tag .. 'live', 0, '{"type":"marked","epoch":"' .. generation .. '.' .. epoch .. '","seq":'
  .. through .. ',' .. only .. '"unread":' .. unread .. '}')
return 'ok'
