-- Deletes a post: KEYS[1] the author's inbox; ARGV post id, n, time, generation, most entries,
-- oldest time. Its likes leave the inbox as one group. Who liked it stays, seen by nobody, until their
-- notes of it are cleaned up: see cleanup. Answers whether it was there.
local post_id, n, at, generation = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local max, oldest = tonumber(ARGV[5]), tonumber(ARGV[6])

redis.call('ZREM', tag .. 'posts', n)
if redis.call('DEL', tag .. 'post:' .. n) == 0 then return 0 end
-- Nobody has to be told of its likes any more. They may be many more than an inbox keeps, so the inbox
-- is looked through and not the likes.
local seqs = {}
local function lapse_all()
  if #seqs == 0 then return end
  settle('lapsed', redis.call('ZREM', tag .. 'pending', unpack(seqs)))
  redis.call('ZREM', tag .. 'silenced', unpack(seqs))
  seqs = {}
end
for _, entry in ipairs(redis.call('XRANGE', inbox, '-', '+')) do
  if entry[2][4] == 'like.' .. n then
    seqs[#seqs + 1] = string.match(entry[1], '%d+')
    if #seqs == 500 then lapse_all() end
  end
end
lapse_all()
redis.call('UNLINK', tag .. 'likeseq:' .. n)
redis.call('HDEL', tag .. 'attention', 'mute:post.' .. n)
publish(tag .. 'post:' .. n .. ':live', 0,
  '{"type":"post","post_id":"' .. post_id .. '","deleted":true}')

local group = 'like.' .. n
if withdraw_group(group) then retract(generation, group, at, nil, max, oldest) end
return 1
