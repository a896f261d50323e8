-- Takes what is to be pushed, so that nobody else pushes it: KEYS[1] the subscriptions; ARGV the
-- time, the grace, how many groups at most. Answers {state, epoch, unread, {subscription, …},
-- {{seq, kind, group, count, text, {person, …}}, …}}; the state is 'nothing', 'young' (look again
-- after the grace) or 'untold'.
local now, grace, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local kept = living()
if #kept == 0 then return { 'nothing', '', 0, {}, {} } end

local fields = redis.call('HMGET', meta, 'epoch', 'unread', 'pushed', 'seen')
-- What was pushed, or looked at in the list, is told.
local told = math.max(tonumber(fields[3] or 0), tonumber(fields[4] or 0))
local pending = redis.call('ZREVRANGEBYSCORE', tag .. 'pending', '+inf', '(' .. told,
  'LIMIT', 0, 200)
local untold, groups, oldest = {}, {}, nil
for _, member in ipairs(pending) do
  local seq = tonumber(member)
  local entry = redis.call('XRANGE', tag .. 'inbox', seq .. '-0', seq .. '-0')[1]
  local f = {}
  if entry then
    for i = 1, #entry[2], 2 do f[entry[2][i]] = entry[2][i + 1] end
  end
  local people = f.g and tag .. 'group:' .. f.g
  -- What was taken back or read is not told any more.
  local live = f.g and (not f.u or tonumber(redis.call('ZSCORE', people, f.u) or 0) == seq)
  if live and seq > tonumber(redis.call('HGET', tag .. 'reads', f.g) or 0) then
    oldest = tonumber(f.t)
    if not groups[f.g] and #untold < most then
      groups[f.g] = true
      untold[#untold + 1] = { seq, f.k, f.g, redis.call('ZCARD', people), f.m or '',
        redis.call('ZREVRANGE', people, 0, 1) }
    end
  end
end
if #untold == 0 then return { 'nothing', '', 0, {}, {} } end
-- Somebody who is there may be about to be told. Once the oldest has waited in vain, the others
-- need not wait. Clocks that differ by more than the grace delay nothing.
if oldest > now - grace and oldest <= now + grace then return { 'young', '', 0, {}, {} } end

redis.call('HSET', meta, 'pushed', pending[1])
local subscriptions = {}
for i, subscription in ipairs(kept) do subscriptions[i] = subscription[2] end
return { 'untold', fields[1] or '', tonumber(fields[2] or 0), subscriptions, untold }
