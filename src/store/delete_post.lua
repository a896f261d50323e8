-- Deletes a post: KEYS[1] the author's inbox; ARGV post id, n, time, generation, most entries,
-- oldest time. Its likes leave the inbox as one group. Who liked it, and the entries of that group, stay,
-- seen by nobody, until they are swept: see cleanup. Answers whether it was there.
local post_id, n, at, generation = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local max, oldest = tonumber(ARGV[5]), tonumber(ARGV[6])

redis.call('ZREM', tag .. 'posts', n)
if redis.call('UNLINK', tag .. 'post:' .. n) == 0 then return 0 end
redis.call('UNLINK', tag .. 'likeseq:' .. n)
redis.call('HDEL', tag .. 'attention', 'mute:post.' .. n)
publish(tag .. 'post:' .. n .. ':live', 0,
  '{"type":"post","post_id":"' .. post_id .. '","deleted":true}')

local group = 'like.' .. n
local people, gone = tag .. 'group:' .. group, tag .. 'gone:' .. group
local size = redis.call('ZCARD', people)
if size == 0 then return 1 end
open()
redis.call('RENAME', people, gone)
live = live - size
set_newest(group, nil)
-- Nobody has to be told of them any more. What is beyond these is swept.
for page = 0, 1 do
  local seqs = {}
  for i, seq in ipairs(redis.call('ZRANGE', gone, 500 * page, 500 * page + 499, 'WITHSCORES')) do
    if i % 2 == 0 then seqs[#seqs + 1] = seq end
  end
  if #seqs > 0 then
    settle('lapsed', redis.call('ZREM', tag .. 'pending', unpack(seqs)))
    redis.call('ZREM', tag .. 'silenced', unpack(seqs))
  end
end
retract(generation, group, at, nil, max, oldest)
return 1
