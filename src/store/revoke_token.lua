-- Revokes an API token: KEYS[1] token:HASH; ARGV time, and for how long it is still known, so that
-- the log can say that it was used after that. Answers its name, or nothing where there is none.
local name = redis.call('HGET', KEYS[1], 'name')
if not name then return false end
if redis.call('HSETNX', KEYS[1], 'revoked', ARGV[1]) == 1 then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return name
