-- Looks an API token up, and notes that it is used: KEYS[1] token:HASH; ARGV time, the end of one
-- that has none yet, until when that one is kept, '1' if it is used or '' if it is only looked at,
-- after how long a use is noted again. Answers {name, scopes, created, expires, used, revoked};
-- nothing where there is no such token.
local token, now = KEYS[1], ARGV[1]
local fields = redis.call('HMGET', token, 'name', 'scopes', 'created', 'expires', 'used', 'revoked')
if not fields[1] or not fields[2] then return {} end
if not fields[4] then
  fields[4] = ARGV[2]
  redis.call('HSET', token, 'expires', ARGV[2])
  redis.call('PEXPIREAT', token, ARGV[3])
end
local lives = not fields[6] and tonumber(now) < tonumber(fields[4])
if lives and ARGV[4] == '1' and tonumber(now) - tonumber(fields[5] or 0) >= tonumber(ARGV[5]) then
  -- A store that is full must not keep programs out.
  redis.pcall('HSET', token, 'used', now)
end
return fields
