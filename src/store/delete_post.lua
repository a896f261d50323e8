-- Deletes a post: KEYS[1] the author's inbox; ARGV post id, n, time, generation, most entries,
-- oldest time. Its likes leave the inbox as one group. Answers whether it was there.
local post_id, n, at, generation = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local max, oldest = tonumber(ARGV[5]), tonumber(ARGV[6])

redis.call('ZREM', tag .. 'posts', n)
if redis.call('DEL', tag .. 'post:' .. n) == 0 then return 0 end
for _, last in ipairs(redis.call('HVALS', tag .. 'likeseq:' .. n)) do
  lapse(string.match(last, '%d+'))
end
redis.call('UNLINK', tag .. 'likes:' .. n, tag .. 'likeseq:' .. n)
redis.call('HDEL', tag .. 'attention', 'mute:post.' .. n)
publish(tag .. 'post:' .. n .. ':live', 0,
  '{"type":"post","post_id":"' .. post_id .. '","deleted":true}')

local group = 'like.' .. n
if withdraw_group(group) then retract(generation, group, at, nil, max, oldest) end
return 1
