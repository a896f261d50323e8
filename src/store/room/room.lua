-- What the scripts of a room share. KEYS[1] is always `{r:NAME}:room`; the other keys of the room
-- carry the same tag, lie in the same slot, and are derived from it.
local room = KEYS[1]
local tag = string.sub(room, 1, -5)
local members, roles, reads = tag .. 'members', tag .. 'roles', tag .. 'reads'
local invited, banned = tag .. 'invited', tag .. 'banned'
local log, meta = tag .. 'log', tag .. 'log:meta'
-- The places of what was removed, and of what removes it.
local voids = tag .. 'voids'
local here, servers = tag .. 'here', tag .. 'servers'
local channel = 'room:' .. string.sub(tag, 4, -3)
local rank = { member = 1, moderator = 2, owner = 3 }

-- `seq` is 0 for what has no place in the history, `@` and a user id for what only this person's
-- sockets get, and `!` for what servers do before they deliver what follows.
local function publish(seq, frame)
  redis.call('SPUBLISH', tag .. 'live', seq .. ' ' .. frame)
end

-- What somebody is in this room; nil for nobody.
local function role_of(user)
  if not redis.call('ZSCORE', members, user) then return nil end
  return redis.call('HGET', roles, user) or 'member'
end

-- The epoch as clients know it.
local function epoch_of(generation)
  return generation .. '.' .. (redis.call('HGET', meta, 'epoch') or '0')
end

-- The next place in the history.
local function next_seq() return redis.call('HINCRBY', meta, 'seq', 1) end

-- Tells the room what somebody is now (nil: out).
local function publish_member(user, role)
  publish(0, '{"type":"member","channel":"' .. channel .. '","user_id":"' .. user .. '"'
    .. (role and ',"role":"' .. role .. '"' or '') .. '}')
end

-- Puts somebody into the room. Members are ordered by when they came, so no two came at once.
local function admit(user, now)
  local at = math.max(tonumber(now), tonumber(redis.call('HGET', room, 'last') or 0) + 1)
  redis.call('HSET', room, 'last', at)
  redis.call('ZADD', members, at, user)
  redis.call('ZREM', invited, user)
  -- What was said before they came is not unread.
  redis.call('HSET', reads, user, redis.call('HGET', meta, 'seq') or 0)
end

-- Takes somebody out of the room: their sockets hear nothing that is published after this.
local function dismiss(user)
  redis.call('ZREM', members, user)
  redis.call('HDEL', roles, user)
  redis.call('HDEL', reads, user)
  publish('!', '{"out":"' .. user .. '"}')
  publish_member(user, nil)
end
