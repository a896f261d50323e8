-- What the scripts about push subscriptions share: KEYS[1] is `{user}:push`, a hash of
-- subscriptions as JSON. A subscription lives as long as the session that made it.
local tag = string.sub(KEYS[1], 1, -5)
local meta = tag .. 'inbox:meta'

-- Drops the subscriptions whose session ended, and answers the others: {{id, JSON, time}, …}.
local function living()
  local all, kept = redis.call('HGETALL', KEYS[1]), {}
  for i = 1, #all, 2 do
    local known, subscription = pcall(cjson.decode, all[i + 1])
    if known and redis.call('EXISTS', tag .. 'session:' .. subscription.session) == 1 then
      kept[#kept + 1] = { all[i], all[i + 1], subscription.at }
    else
      redis.call('HDEL', KEYS[1], all[i])
    end
  end
  return kept
end
