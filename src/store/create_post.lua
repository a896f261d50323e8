-- Creates a post: KEYS[1] the author's inbox; ARGV text, time, idempotency key or '', the hash
-- of what was asked, how the text begins, as JSON. Answers {n, time}, the first ones for a repeat,
-- or {0} if the key was used for something else.
local text, at, key, body = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local used = tag .. 'idem:' .. key

if key ~= '' then
  local first = redis.call('HMGET', used, 'body', 'n', 'at')
  if first[1] then
    if first[1] ~= body then return { 0 } end
    return { tonumber(first[2]), tonumber(first[3]) }
  end
end
local n = redis.call('HINCRBY', tag .. 'user', 'posts', 1)
redis.call('HSET', tag .. 'post:' .. n, 'text', text, 'at', at, 'likes', 0, 'excerpt', ARGV[5])
redis.call('ZADD', tag .. 'posts', at, n)
if key ~= '' then
  redis.call('HSET', used, 'body', body, 'n', n, 'at', at)
  redis.call('PEXPIRE', used, 86400000)
end
return { n, tonumber(at) }
