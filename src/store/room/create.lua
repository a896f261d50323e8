-- Makes a room: KEYS[1] the room; ARGV who, title, '1' if it is private, time, epoch. Answers
-- whether it was made; it was not if there is one of this name.
if redis.call('EXISTS', room) == 1 then return 0 end
redis.call('HSET', room, 'title', ARGV[2], 'private', ARGV[3], 'created', ARGV[4])
redis.call('HSET', meta, 'epoch', ARGV[5], 'seq', 0, 'first', 1)
admit(ARGV[1], ARGV[4])
redis.call('HSET', roles, ARGV[1], 'owner')
return 1
