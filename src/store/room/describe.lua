-- Describes a room to somebody: KEYS[1] the room; ARGV who, or ''. Answers {title, private,
-- created, members, role or '', invited, epoch, seq, read}, or {} if there is no such room.
local fields = redis.call('HMGET', room, 'title', 'private', 'created')
if not fields[1] then return {} end
local role = role_of(ARGV[1]) or ''
local history = redis.call('HMGET', meta, 'epoch', 'seq')
local asked = redis.call('ZSCORE', invited, ARGV[1]) and role == '' and 1 or 0
return { fields[1], fields[2] == '1' and 1 or 0, tonumber(fields[3]), redis.call('ZCARD', members),
  role, asked, history[1] or '0', tonumber(history[2] or 0),
  tonumber(redis.call('HGET', reads, ARGV[1]) or 0) }
