-- Fills a store with what the product would have written: ARGV what, the person, from, to. Every call
-- writes a part, so that no call takes long.
local what, me, from, to = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local tag = '{' .. me .. '}:'
local function id(prefix, i) return string.format('0%s%08d', prefix, i) end

-- An entry of the inbox, the newest of one person in one group.
local function enter(kind, group, who, seq)
  redis.call('XADD', tag .. 'inbox', seq .. '-0', 'k', kind, 'g', group, 't', ARGV[5], 'u', who, 'l', 'info', 'x', '"x"')
  redis.call('ZADD', tag .. 'group:' .. group, seq, who)
  redis.call('ZADD', tag .. 'groups', seq, group)
  redis.call('ZADD', tag .. 'pending', seq, seq)
  redis.call('RPUSH', tag .. 'from:' .. who, seq)
end

if what == 'likes' then
  for i = from, to do
    local fan = id('fan', i)
    redis.call('ZADD', tag .. 'likes:1', i, fan)
    redis.call('HSET', tag .. 'likeseq:1', fan, i .. ':1:1')
    redis.call('SADD', '{' .. fan .. '}:liked', me .. '.1')
  end
  redis.call('HINCRBY', tag .. 'post:1', 'likes', to - from + 1)
elseif what == 'like entries' then
  for i = from, to do enter('like', 'like.1', id('fan', i), i) end
  redis.call('HSET', tag .. 'inbox:meta', 'seq', to, 'first', 1, 'unread', 1, 'live', to)
elseif what == 'groups' then
  for i = from, to do enter('message', 'message.' .. i, 'app', i) end
  redis.call('HSET', tag .. 'inbox:meta', 'seq', to, 'first', 1, 'unread', to, 'live', to)
elseif what == 'members' then
  local room = '{r:' .. ARGV[6] .. '}:'
  for i = from, to do
    local user = id('mem', i)
    redis.call('ZADD', room .. 'members', i, user)
    redis.call('HSET', room .. 'reads', user, i)
    redis.call('HSET', room .. 'roles', user, 'moderator')
    redis.call('ZADD', room .. 'banned', i, id('ban', i))
    redis.call('SADD', room .. 'told', user)
    redis.call('ZADD', '{' .. user .. '}:rooms', i, ARGV[6])
    redis.call('HSET', '{' .. user .. '}:user', 'handle', user, 'name', user, 'created', 1)
    redis.call('HSET', '{' .. user .. '}:inbox:meta', 'epoch', 'e', 'seq', 0)
    redis.call('XADD', room .. 'log', i .. '-0', 'i', i, 'u', user, 'x', '"x"', 't', i, 'm', '')
  end
  redis.call('HSET', room .. 'log:meta', 'seq', to)
elseif what == 'attending' then
  local room = '{r:' .. ARGV[6] .. '}:'
  for i = from, to do
    redis.call('SADD', room .. 'here:dead', id('mem', i))
    redis.call('HINCRBY', room .. 'here', id('mem', i), 1)
  end
  redis.call('ZADD', room .. 'servers', 1, 'dead')
elseif what == 'liked' then
  for i = from, to do redis.call('SADD', tag .. 'liked', id('own', i) .. '.1') end
elseif what == 'rooms' then
  for i = from, to do
    local name = string.format('room%06d', i)
    redis.call('HSET', '{r:' .. name .. '}:room', 'title', name, 'private', '0', 'created', i)
    redis.call('ZADD', '{r:' .. name .. '}:members', i, me)
    redis.call('HSET', '{r:' .. name .. '}:log:meta', 'epoch', 'e', 'seq', 0, 'first', 1)
    redis.call('ZADD', 'rooms', 0, name)
    redis.call('ZADD', tag .. 'rooms', i, name)
  end
elseif what == 'posts' then
  for i = from, to do
    redis.call('HSET', tag .. 'post:' .. i, 'text', 'x', 'at', i, 'likes', 0)
    redis.call('ZADD', tag .. 'posts', i, i)
  end
end
return 'ok'
