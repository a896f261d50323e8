-- Takes a like back: KEYS[1] the owner's inbox; ARGV post id, n, person, time, generation, most
-- entries, oldest time. Answers {post exists, likes, changed}.
local post_id, n, person, at, generation = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local max, oldest = tonumber(ARGV[6]), tonumber(ARGV[7])
local post, history = tag .. 'post:' .. n, tag .. 'likeseq:' .. n

local known = redis.call('HGET', post, 'likes')
if not known then return { 0, 0, 0 } end
if redis.call('ZREM', tag .. 'likes:' .. n, person) == 0 then
  return { 1, tonumber(known), 0 }
end
local likes = redis.call('HINCRBY', post, 'likes', -1)
publish(tag .. 'post:' .. n .. ':live', 0,
  '{"type":"post","post_id":"' .. post_id .. '","likes":' .. likes .. '}')

-- What was kept from every list leaves the list of what was kept, and nobody is told.
local last = redis.call('HGET', history, person)
local announced, times = string.match(last or '', '^(%d+)(:%d+:%d+)')
if announced then
  lapse(announced)
  redis.call('HSET', history, person, '0' .. times)
end

-- Only a live entry is taken back: a like that was never announced has none, and a trimmed one
-- is gone already.
local group = 'like.' .. n
local entry = redis.call('ZSCORE', tag .. 'group:' .. group, person)
if not entry then
  -- Whoever is counted without an entry is counted no more.
  local counted = announced and announced ~= '0' and not string.find(last, ':h', 1, true)
  if counted and tonumber(redis.call('HGET', post, 'past') or 0) > 0 then
    redis.call('HINCRBY', post, 'past', -1)
  end
  return { 1, likes, 1 }
end
lapse(entry)
open()
withdraw(group, person, entry)
retract(generation, group, at, entry, max, oldest)
return { 1, likes, 1 }
