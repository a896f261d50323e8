-- Takes another hash of the same password: KEYS[1] `{user}:user`; ARGV the hash that it replaces,
-- the new one. Where there is a new password meanwhile, nothing changes.
if redis.call('HGET', KEYS[1], 'password') == ARGV[1] then
  redis.call('HSET', KEYS[1], 'password', ARGV[2])
end
