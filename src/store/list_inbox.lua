-- Reads a page of groups, the newest first: KEYS[1] the inbox; ARGV the entry to begin below
-- (0: the top), how many at most. Answers {epoch, seq, unread, seen,
-- {{group, newest entry, time, read mark, count, person, person, person}, …}}.
local before, most = ARGV[1], tonumber(ARGV[2])
local below = before == '0' and '+inf' or '(' .. before
local fields = redis.call('HMGET', meta, 'epoch', 'seq', 'unread', 'seen')
local page = redis.call('ZREVRANGEBYSCORE', groups, below, '-inf', 'WITHSCORES', 'LIMIT', 0, most)
local list = {}
for i = 1, #page, 2 do
  local group, newest = page[i], tonumber(page[i + 1])
  local people = tag .. 'group:' .. group
  local entry = redis.call('XRANGE', inbox, newest .. '-0', newest .. '-0')[1]
  local at = 0
  if entry then
    for j = 1, #entry[2], 2 do
      if entry[2][j] == 't' then at = tonumber(entry[2][j + 1]) end
    end
  end
  local row = { group, newest, at, tonumber(redis.call('HGET', reads, group) or 0),
    redis.call('ZCARD', people) }
  for _, person in ipairs(redis.call('ZREVRANGE', people, 0, 2)) do row[#row + 1] = person end
  list[#list + 1] = row
end
return { fields[1] or '', tonumber(fields[2] or 0), tonumber(fields[3] or 0),
  tonumber(fields[4] or 0), list }
