-- Deletes a post: KEYS[1] the author's inbox; ARGV post id, n, time, generation, most entries,
-- oldest time. Its likes leave the inbox as one group. Who liked it stays, seen by nobody, until their
-- notes of it are cleaned up: see cleanup. Answers whether it was there.
local post_id, n, at, generation = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local max, oldest = tonumber(ARGV[5]), tonumber(ARGV[6])

redis.call('ZREM', tag .. 'posts', n)
if redis.call('DEL', tag .. 'post:' .. n) == 0 then return 0 end
-- Nobody has to be told of its likes any more. They may be many more than an inbox keeps.
if redis.call('HLEN', tag .. 'likeseq:' .. n) <= 500 then
  for _, last in ipairs(redis.call('HVALS', tag .. 'likeseq:' .. n)) do
    lapse(string.match(last, '%d+'))
  end
else
  for _, kept in ipairs({ pending, silenced }) do
    for _, seq in ipairs(redis.call('ZRANGE', kept, 0, -1)) do
      if entry_at(seq).g == 'like.' .. n then lapse(seq) end
    end
  end
end
redis.call('UNLINK', tag .. 'likeseq:' .. n)
redis.call('HDEL', tag .. 'attention', 'mute:post.' .. n)
publish(tag .. 'post:' .. n .. ':live', 0,
  '{"type":"post","post_id":"' .. post_id .. '","deleted":true}')

local group = 'like.' .. n
if redis.call('UNLINK', tag .. 'group:' .. group) == 1 then
  set_newest(group, nil)
  local seq = append_retract(group, at)
  trim(seq, max, oldest)
  publish_retract(generation, seq, nil, group)
end
return 1
