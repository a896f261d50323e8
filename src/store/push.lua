-- What the scripts about push subscriptions share; needs inbox.lua. They are a hash of JSON by id,
-- and each lives as long as the session that made it.
local pushes = tag .. 'push'

-- Drops the subscriptions whose session ended, and answers the others: {{id, JSON, time}, …}.
local function living()
  local all, kept = redis.call('HGETALL', pushes), {}
  for i = 1, #all, 2 do
    local known, subscription = pcall(cjson.decode, all[i + 1])
    if known and redis.call('EXISTS', tag .. 'session:' .. subscription.session) == 1 then
      kept[#kept + 1] = { all[i], all[i + 1], subscription.at }
    else
      redis.call('HDEL', pushes, all[i])
    end
  end
  return kept
end
