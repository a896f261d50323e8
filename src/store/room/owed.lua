-- Mentions that nobody was told of in time: KEYS[1] the room; ARGV how many milliseconds there are to tell
-- of them, how many at most. Answers {'<message> <person>', …}, the oldest first.
return redis.call('ZRANGEBYSCORE', tag .. 'owed', '-inf', clock() - tonumber(ARGV[1]), 'LIMIT', 0, ARGV[2])
