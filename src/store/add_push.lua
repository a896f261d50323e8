-- Adds a push subscription: KEYS[1] the inbox; ARGV its id, the subscription as JSON, how many a
-- person may have. The oldest go when there are more.
local id, subscription, most = ARGV[1], ARGV[2], tonumber(ARGV[3])
-- Whoever subscribes looks at a page: what came before is no news.
if #living() == 0 then
  redis.call('HSET', meta, 'pushed', redis.call('HGET', meta, 'seq') or 0)
end
redis.call('HSET', pushes, id, subscription)
local kept = living()
table.sort(kept, function(a, b) return a[3] < b[3] end)
for i = 1, #kept - most do redis.call('HDEL', pushes, kept[i][1]) end
