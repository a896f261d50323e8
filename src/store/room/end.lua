-- Ends a room: KEYS[1] the room; ARGV who does it ('' where the last one left), when, 'ask' if only the
-- right to it is asked for. Answers 'ok', 'none' to somebody who is not in it, or 'forbidden'. Who was
-- in it and invited is put aside, so that their notes of it can be cleaned up: see cleanup.
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
  for _, part in ipairs({ 'members', 'invited' }) do
    if redis.call('EXISTS', tag .. part) == 1 then
      redis.call('RENAME', tag .. part, tag .. 'gone:' .. epoch .. ':' .. part)
    end
  end
end
-- Those who were told of something here are to be told that it is gone.
if redis.call('EXISTS', tag .. 'told') == 1 then
  if redis.call('EXISTS', tag .. 'untold') == 0 then
    redis.call('RENAME', tag .. 'told', tag .. 'untold')
  else
    redis.call('SUNIONSTORE', tag .. 'untold', tag .. 'untold', tag .. 'told')
    redis.call('UNLINK', tag .. 'told')
  end
end
redis.call('UNLINK', room, members, roles, reads, invited, banned, log, meta, here, servers,
  voids, tag .. 'owed')
return 'ok'
