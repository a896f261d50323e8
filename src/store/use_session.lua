-- Finds the person of a session, and notes that it is used: KEYS[1] `{user}:session:<id>`; ARGV now,
-- how long it lasts unused, how long it lasts at all, after how long its use is noted again, the
-- address it is used from or ''. Answers {handle, name}, or nothing where it has ended.
local now, idle, age, again = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local tag, id = string.match(KEYS[1], '^(.*:)session:(.*)$')
local session = redis.call('HMGET', KEYS[1], 'created', 'used')
local created = tonumber(session[1] or '')
if not created then return {} end
if now - created >= age then
  redis.call('DEL', KEYS[1])
  redis.call('ZREM', tag .. 'sessions', id)
  return {}
end
-- A session of before has no `used`, and a server whose clock is behind writes nothing.
if now - (tonumber(session[2] or '') or 0) >= again then
  redis.call('HSET', KEYS[1], 'used', ARGV[1])
  if ARGV[5] ~= '' then redis.call('HSET', KEYS[1], 'address', ARGV[5]) end
  redis.call('PEXPIRE', KEYS[1], math.min(idle, created + age - now))
end
return redis.call('HMGET', tag .. 'user', 'handle', 'name')
