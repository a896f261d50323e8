-- The servers that are alive: KEYS[1] `servers`; ARGV after how many milliseconds of silence a server is
-- taken for dead. Needs clock.lua.
return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. (clock() - tonumber(ARGV[1])), '+inf')
