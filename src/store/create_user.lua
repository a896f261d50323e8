-- Creates a person and the inbox: KEYS[1] `{user}:user`; ARGV handle, name, password hash, time,
-- the inbox's epoch.
local tag = string.sub(KEYS[1], 1, -5)
redis.call('HSET', KEYS[1], 'handle', ARGV[1], 'name', ARGV[2], 'password', ARGV[3],
  'created', ARGV[4], 'role', 'member')
redis.call('HSET', tag .. 'inbox:meta', 'epoch', ARGV[5], 'seq', 0, 'first', 1, 'seen', 0, 'unread', 0)
