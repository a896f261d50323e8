-- Reads a page of groups, the newest first: KEYS[1] the inbox; ARGV the entry to begin below
-- (0: the top), how many at most. Answers {epoch, seq, unread, seen, announcements entered,
-- {{group, newest entry, time, read mark, count, why that made no toast, kind, who, level, text, person, person,
-- person}, …}}.
local before, most = ARGV[1], tonumber(ARGV[2])
local below = before == '0' and '+inf' or '(' .. before
local fields = redis.call('HMGET', meta, 'epoch', 'seq', 'unread', 'seen', 'announced', 'floor')
local page = redis.call('ZREVRANGEBYSCORE', groups, below, '-inf', 'WITHSCORES', 'LIMIT', 0, most)
local list = {}
for i = 1, #page, 2 do
  local group, newest = page[i], tonumber(page[i + 1])
  local people = tag .. 'group:' .. group
  local f = entry_at(newest)
  local row = { group, newest, tonumber(f.t or 0), tonumber(redis.call('HGET', tag .. 'reads', group) or fields[6] or 0),
    count_of(group), f.w or '', f.k or '', f.u or '', f.l or '', f.x or '' }
  for _, person in ipairs(redis.call('ZREVRANGE', people, 0, 2)) do row[#row + 1] = person end
  list[#list + 1] = row
end
return { fields[1] or '', tonumber(fields[2] or 0), tonumber(fields[3] or 0),
  tonumber(fields[4] or 0), fields[5] or '', list }
