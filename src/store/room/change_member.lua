-- Changes somebody's membership: KEYS[1] the room; ARGV who does it, to whom, 'invite', 'remove',
-- 'member', 'moderator' or 'owner', time, most who may be invited, 'ask' if only the right to invite is
-- asked for. Answers 'ok', 'same' where nothing changed, 'none' (no such room for the one who does it), 'nobody' (the other one is not in
-- it), 'forbidden' or 'full'.
local actor, target, what = ARGV[1], ARGV[2], ARGV[3]
local mine, theirs = role_of(actor), role_of(target)
if not mine then return 'none' end
local rights = rank[mine]
if what == 'invite' then
  if theirs then return 'same' end
  local out = redis.call('ZSCORE', banned, target)
  local closed = redis.call('HGET', room, 'private') == '1'
  if rights < 2 and (out or closed) then return 'forbidden' end
  if redis.call('ZSCORE', invited, target) then return 'same' end
  if redis.call('ZCARD', invited) >= tonumber(ARGV[5]) then return 'full' end
  if ARGV[6] == 'ask' then return 'ok' end
  redis.call('ZREM', banned, target)
  redis.call('SADD', tag .. 'told', target)
  redis.call('ZADD', invited, ARGV[4], target)
  return 'ok'
end
if what == 'remove' then
  if rights < 2 then return 'forbidden' end
  if not theirs then
    if redis.call('ZREM', invited, target) == 1 then return 'ok' end
    return 'nobody'
  end
  if rank[theirs] >= rights then return 'forbidden' end
  redis.call('ZADD', banned, ARGV[4], target)
  dismiss(target)
  return 'ok'
end
if not theirs then return 'nobody' end
if rights < 3 then return 'forbidden' end
if theirs == what then return 'same' end
-- There is always one owner: they step down only for another.
if theirs == 'owner' then return 'forbidden' end
if what == 'member' then redis.call('HDEL', roles, target) else redis.call('HSET', roles, target, what) end
publish_member(target, what)
if what == 'owner' then
  redis.call('HSET', roles, actor, 'moderator')
  publish_member(actor, 'moderator')
end
return 'ok'
