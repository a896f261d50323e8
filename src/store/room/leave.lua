-- Leaves a room: KEYS[1] the room; ARGV who. Answers 'ok', 'none' to somebody who is not in it, or
-- 'empty' if nobody is left. An owner who leaves hands over to the moderator who is there longest,
-- or else to the member who is.
local user = ARGV[1]
local role = role_of(user)
if not role then
  -- Whoever is invited and does not want to come leaves as well.
  return redis.call('ZREM', invited, user) == 1 and 'ok' or 'none'
end
dismiss(user)
if redis.call('ZCARD', members) == 0 then return 'empty' end
if role == 'owner' then
  local heir, since
  if redis.call('HLEN', roles) <= 1000 then
    for _, moderator in ipairs(redis.call('HKEYS', roles)) do
      local at = tonumber(redis.call('ZSCORE', members, moderator) or 'inf')
      if not since or at < since then heir, since = moderator, at end
    end
  else
    -- Among so many, the first is found by going through the members as they came.
    local from = 0
    repeat
      local some = redis.call('ZRANGE', members, from, from + 199)
      local theirs = #some > 0 and redis.call('HMGET', roles, unpack(some)) or {}
      for i, role in ipairs(theirs) do
        if role and not heir then heir = some[i] end
      end
      from = from + 200
    until heir or #some == 0
  end
  heir = heir or redis.call('ZRANGE', members, 0, 0)[1]
  redis.call('HSET', roles, heir, 'owner')
  publish_member(heir, 'owner')
end
return 'ok'
