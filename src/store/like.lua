-- Likes a post: KEYS[1] the owner's inbox; ARGV post id, n, person, time, the person as JSON,
-- generation, most entries, oldest time. Answers {post exists, likes, changed,
-- why it makes no toast or ''}.
local post_id, n, person, at = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local actor, generation, max, oldest = ARGV[5], ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8])
local post, history = tag .. 'post:' .. n, tag .. 'likeseq:' .. n

local known, excerpt = unpack(redis.call('HMGET', post, 'likes', 'excerpt'))
if not known then return { 0, 0, 0, '' } end
if redis.call('ZADD', tag .. 'likes:' .. n, 'NX', at, person) == 0 then
  return { 1, tonumber(known), 0, '' }
end
local likes = redis.call('HINCRBY', post, 'likes', 1)
publish(tag .. 'post:' .. n .. ':live', 0,
  '{"type":"post","post_id":"' .. post_id .. '","likes":' .. likes .. '}')
if tag == '{' .. person .. '}:' then return { 1, likes, 1, '' } end

-- `<entry>:<hour's begin>:<times>`, with `:h` where the entry is in no list, and 0 for an entry that was
-- taken back. The same person notifies of the same post three times an hour at most; what comes after
-- changes membership and count only.
local begin, times = at, 1
local before = redis.call('HGET', history, person)
if before then
  local _, b, t = string.match(before, '(%d+):(%d+):(%d+)')
  if tonumber(at) - tonumber(b) < 3600000 then begin, times = b, tonumber(t) + 1 end
end
if times > 3 then return { 1, likes, 1, '' } end

local about = excerpt and ',"excerpt":' .. excerpt or ''
local seq, withheld, hidden = notify('like', 'like.' .. n, nil, 'post.' .. n, person, at, {},
  '"post_id":"' .. post_id .. '"' .. about .. ',"actor":' .. actor, generation, max, oldest)
redis.call('HSET', history, person, seq .. ':' .. begin .. ':' .. times .. (hidden and ':h' or ''))
return { 1, likes, 1, withheld }
