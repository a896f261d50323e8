-- Ends a person's sessions: KEYS[1] `{user}:sessions`; ARGV the one to keep or '', the hash of a
-- new password or ''. Both happen at once, so that no session outlives the password it was for.
local tag = string.sub(KEYS[1], 1, -9)
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if id ~= ARGV[1] then
    redis.call('DEL', tag .. 'session:' .. id)
    redis.call('ZREM', KEYS[1], id)
  end
end
if ARGV[2] ~= '' then redis.call('HSET', tag .. 'user', 'password', ARGV[2]) end
