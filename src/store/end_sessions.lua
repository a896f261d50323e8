-- Ends a person's sessions: KEYS[1] `{user}:sessions`; ARGV the one to keep or '', the hash of a
-- new password or '', the one whose place it takes or ''. All happens at once, so that no session
-- outlives the password it was for. What is pushed to the browser of the session that is replaced
-- is pushed to the same browser after it. Answers how many ended.
local tag, ended = string.sub(KEYS[1], 1, -9), 0
if ARGV[3] ~= '' then
  local old, new = '"session":"' .. ARGV[3] .. '"', '"session":"' .. ARGV[1] .. '"'
  local all = redis.call('HGETALL', tag .. 'push')
  for i = 1, #all, 2 do
    local from, to = string.find(all[i + 1], old, 1, true)
    if from then
      local moved = string.sub(all[i + 1], 1, from - 1) .. new .. string.sub(all[i + 1], to + 1)
      redis.call('HSET', tag .. 'push', all[i], moved)
    end
  end
end
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if id ~= ARGV[1] then
    ended = ended + redis.call('DEL', tag .. 'session:' .. id)
    redis.call('ZREM', KEYS[1], id)
  end
end
if ARGV[2] ~= '' then redis.call('HSET', tag .. 'user', 'password', ARGV[2]) end
return ended
