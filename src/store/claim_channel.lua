-- Claims a private channel for a program: KEYS[1] `{ch:NAME}:owner`; ARGV the program, for how long.
-- Answers whether it is the program's now.
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
