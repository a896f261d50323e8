-- Ends a room: KEYS[1] the room; ARGV who does it ('' where the last one left), when, 'ask' if only the
-- right to it is asked for. Answers 'ok', 'none' to somebody who is not in it, or 'forbidden'. Who was
-- in it, invited, and told of something in it is put aside in the same moment: that is the work of cleanup.
if ARGV[1] == '' then
  if redis.call('ZCARD', members) > 0 then return 'forbidden' end
else
  local role = role_of(ARGV[1])
  if not role then return 'none' end
  if role ~= 'owner' then return 'forbidden' end
end
if ARGV[3] == 'ask' then return 'ok' end
publish('!', '{"out":null}')
for _, server in ipairs(redis.call('ZRANGE', servers, 0, -1)) do
  redis.call('UNLINK', tag .. 'here:' .. server)
end
local epoch = redis.call('HGET', meta, 'epoch')
if epoch then
  redis.call('ZADD', tag .. 'gone', ARGV[2], epoch)
  for _, part in ipairs({ 'members', 'invited', 'told' }) do
    if redis.call('EXISTS', tag .. part) == 1 then
      redis.call('RENAME', tag .. part, tag .. 'gone:' .. epoch .. ':' .. part)
    end
  end
end
redis.call('UNLINK', room, members, roles, reads, invited, banned, log, meta, here, servers,
  voids, tag .. 'owed')
return 'ok'
