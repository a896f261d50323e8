-- Marks an inbox: KEYS[1] the inbox; ARGV generation, epoch as the client knows it, the entry
-- up to which, 'read' | 'unread' | 'seen', a group or '' for all. Answers 'ok', 'stale' (another
-- epoch, or behind a mark that was set) or 'beyond' (an entry that is not there yet).
local generation, known, through, what, group = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]
open()
if generation .. '.' .. epoch ~= known then return 'stale' end
local fields = redis.call('HMGET', meta, 'seq', 'seen', 'read')
if through > tonumber(fields[1] or 0) then return 'beyond' end

-- Moves one group's mark, and the unread count with it.
local function mark(name, last, from, to)
  if to > 0 then redis.call('HSET', tag .. 'reads', name, to) else redis.call('HDEL', tag .. 'reads', name) end
  if last > from then unread = unread - 1 end
  if last > to then unread = unread + 1 end
end

-- Whoever has a group before them need not be told of what is in it.
local function catch_up(name)
  local count, people = 0, tag .. 'group:' .. name
  local live = redis.call('ZRANGEBYSCORE', people, '-inf', through, 'WITHSCORES')
  for i = 2, #live, 2 do count = count + redis.call('ZREM', tag .. 'pending', live[i]) end
  settle('caught_up', count)
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
  local from = tonumber(redis.call('HGET', tag .. 'reads', group) or 0)
  if what == 'unread' then
    mark(group, last, from, 0)
  else
    if through < from then return 'stale' end
    mark(group, last, from, through)
    catch_up(group)
    catch_up_replaced(group)
  end
else
  local all = redis.call('ZRANGE', groups, 0, -1, 'WITHSCORES')
  if what == 'read' then
    if through < tonumber(fields[3] or 0) then return 'stale' end
    redis.call('HSET', meta, 'read', through)
    settle('caught_up', redis.call('ZREMRANGEBYSCORE', tag .. 'pending', '-inf', through))
  end
  for i = 1, #all, 2 do
    local name, last = all[i], tonumber(all[i + 1])
    local from = tonumber(redis.call('HGET', tag .. 'reads', name) or 0)
    if what == 'unread' then
      mark(name, last, from, 0)
    elseif from < through then
      mark(name, last, from, through)
    end
  end
end

save()
local only = group ~= '' and ('"group":"' .. group .. '",') or ''
publish(tag .. 'live', 0, '{"type":"marked","epoch":"' .. generation .. '.' .. epoch .. '","seq":'
  .. through .. ',' .. only .. '"unread":' .. unread .. '}')
return 'ok'
