-- Claims a private channel for a program, or renews its claim: KEYS[1] `{ch:NAME}:owner`; ARGV the
-- program, for how long. Answers 2 where the claim is new, 1 where it was the program's already, and
-- 0 where it is another's.
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return owner and 1 or 2
