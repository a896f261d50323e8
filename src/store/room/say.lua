-- Says something: KEYS[1] the room; ARGV who, the message's id, text as JSON, time, generation, who
-- as JSON, most messages that are kept, then whom it mentions. Answers {status, seq, time, epoch,
-- mentioned member, …}; the status is 'ok', 'repeat', with the first one's seq and time, or 'none'
-- to somebody who is not in the room.
local user, id, text, at, generation = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
if not role_of(user) then return { 'none', 0, 0, '' } end
local epoch = epoch_of(generation)
local sent = tag .. 'sent:' .. redis.call('HGET', meta, 'epoch') .. ':' .. user .. ':' .. id
local first = redis.call('GET', sent)
if first then
  local seq, when = string.match(first, '(%d+) (%d+)')
  return { 'repeat', tonumber(seq), tonumber(when), epoch }
end
local seq = next_seq()
redis.call('SET', sent, seq .. ' ' .. at, 'PX', 86400000)
local owed = {}
for i = 8, #ARGV do
  if ARGV[i] ~= user and role_of(ARGV[i]) then owed[#owed + 1] = ARGV[i] end
end
redis.call('XADD', log, seq .. '-0', 'i', id, 'u', user, 'x', text, 't', at, 'm', table.concat(owed, ' '))
local oldest = seq - tonumber(ARGV[7]) + 1
if oldest > 1 then
  redis.call('XTRIM', log, 'MINID', oldest .. '-0')
  redis.call('ZREMRANGEBYSCORE', voids, '-inf', oldest - 1)
  redis.call('HSET', meta, 'first', oldest)
end
redis.call('HSET', reads, user, seq)
publish(seq, '{"type":"message","channel":"' .. channel .. '","epoch":"' .. epoch .. '","seq":' .. seq
  .. ',"id":"' .. id .. '","from":' .. ARGV[6] .. ',"text":' .. text .. ',"at":' .. at .. '}')
local answer = { 'ok', seq, tonumber(at), epoch }
-- Whom it mentions is noted here, until they were told: their inboxes lie in other slots.
local since = #owed > 0 and clock()
for _, mentioned in ipairs(owed) do
  redis.call('ZADD', tag .. 'owed', since, seq .. ' ' .. mentioned)
  redis.call('SADD', tag .. 'told', mentioned)
  answer[#answer + 1] = mentioned
end
return answer
