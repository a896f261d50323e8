-- Describes a room to somebody: KEYS[1] the room; ARGV who, or ''. Answers {title, private,
-- created, members, role or '', invited, epoch, seq, read, unread}, or {} if there is no such room.
local fields = redis.call('HMGET', room, 'title', 'private', 'created')
if not fields[1] then return {} end
local role = role_of(ARGV[1]) or ''
local history = redis.call('HMGET', meta, 'epoch', 'seq', 'first')
local asked = redis.call('ZSCORE', invited, ARGV[1]) and role == '' and 1 or 0
local seq, read = tonumber(history[2] or 0), tonumber(redis.call('HGET', reads, ARGV[1]) or 0)
local unread = 0
if role ~= '' and seq > read then
  local from = math.max(read + 1, tonumber(history[3] or 1))
  unread = seq - from + 1 - redis.call('ZCOUNT', voids, from, seq)
end
return { fields[1], fields[2] == '1' and 1 or 0, tonumber(fields[3]), redis.call('ZCARD', members),
  role, asked, history[1] or '0', seq, read, unread }
