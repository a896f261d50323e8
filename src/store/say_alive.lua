-- Notes that a server lives: KEYS[1] `servers`; ARGV the server, after how many milliseconds of silence
-- a server is forgotten. Answers the time. Needs clock.lua.
local now = clock()
-- Times that are not yet, of a clock that was wrong, would keep a dead server alive.
for _, server in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf', 'LIMIT', 0, 100)) do
  redis.call('ZADD', KEYS[1], now, server)
end
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[2]))
return now
