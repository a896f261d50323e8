-- Lists a room's members in the order in which they came: KEYS[1] the room; ARGV who asks, since
-- when to begin after, how many at most, how long a server may be silent. Answers {status, {{who, since, role, read, here}, …}}; the
-- status is 'ok' or 'none' to somebody who is not in a private room.
if redis.call('EXISTS', room) == 0 then return { 'none', {} } end
if redis.call('HGET', room, 'private') == '1' and not role_of(ARGV[1]) then return { 'none', {} } end
local page = redis.call('ZRANGEBYSCORE', members, '(' .. ARGV[2], '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[3])
local rows, through = {}, living(tonumber(ARGV[4]))
for i = 1, #page, 2 do
  local who = page[i]
  rows[#rows + 1] = { who, tonumber(page[i + 1]), role_of(who),
    tonumber(redis.call('HGET', reads, who) or 0), looks(who, through) }
end
return { 'ok', rows }
