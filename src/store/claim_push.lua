-- Takes what is to be pushed, so that nobody else pushes it: KEYS[1] the inbox; ARGV the time, the
-- grace, how many groups at most. Answers {state, epoch, unread, {subscription, …}, {{seq, kind,
-- group, count, text as JSON, {person, person}}, …}}; the state is 'nothing', 'young' (look again
-- after the grace) or 'untold'.
local now, grace, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local kept = living()
if #kept == 0 then return { 'nothing', '', 0, {}, {} } end

local fields = redis.call('HMGET', meta, 'epoch', 'unread', 'pushed')
local seqs = redis.call('ZREVRANGEBYSCORE', tag .. 'pending', '+inf', '(' .. (fields[3] or 0),
  'LIMIT', 0, 200)
local untold, known, oldest = {}, {}, 0
for _, seq in ipairs(seqs) do
  local f = entry_at(seq)
  if f.g then
    oldest = tonumber(f.t)
    local people = tag .. 'group:' .. f.g
    -- A group that is gone may still be swept.
    if not known[f.g] and #untold < most and redis.call('EXISTS', people) == 1 then
      known[f.g] = true
      untold[#untold + 1] = { tonumber(seq), f.k, f.g, count_of(f.g), f.x or '',
        redis.call('ZREVRANGE', people, 0, 1) }
    end
  end
end
if #untold == 0 then return { 'nothing', '', 0, {}, {} } end
-- Somebody who is there may be about to be told. Once the oldest has waited in vain, the others
-- need not wait. Clocks that differ by more than the grace delay nothing.
if oldest > now - grace and oldest <= now + grace then return { 'young', '', 0, {}, {} } end

redis.call('HSET', meta, 'pushed', seqs[1])
local subscriptions = {}
for i, subscription in ipairs(kept) do subscriptions[i] = subscription[2] end
return { 'untold', fields[1] or '', tonumber(fields[2] or 0), subscriptions, untold }
