-- Removes a message: KEYS[1] the room; ARGV who does it, which, time, generation, an id. Answers
-- {status, who said it, mentioned member, …}; the status is 'ok', 'none' to somebody who is not in the
-- room, 'nothing' if there is no such message, or 'forbidden' for that of somebody else. The removal is an entry of its own, so that whoever was
-- away learns of it too.
local actor, which, at = ARGV[1], ARGV[2], ARGV[3]
local mine = role_of(actor)
if not mine then return { 'none' } end
local entry = redis.call('XRANGE', log, which .. '-0', which .. '-0')[1]
if not entry or entry[2][1] ~= 'i' then return { 'nothing' } end
local author = entry[2][4]
if author ~= actor and rank[mine] <= rank[role_of(author) or 'member'] then return { 'forbidden' } end
redis.call('XDEL', log, which .. '-0')
local seq = next_seq()
redis.call('XADD', log, seq .. '-0', 'v', which, 't', at)
redis.call('ZADD', voids, which, which, seq, seq)
publish(seq, '{"type":"message","channel":"' .. channel .. '","epoch":"' .. epoch_of(ARGV[4])
  .. '","seq":' .. seq .. ',"id":"' .. ARGV[5] .. '","text":"","at":' .. at
  .. ',"void":true,"retracts":' .. which .. '}')
-- Whom it mentioned is noted, until they were told that it is gone.
local answer = { 'ok', author }
for mentioned in string.gmatch(entry[2][10] or '', '%S+') do
  redis.call('ZADD', tag .. 'owed', clock(), which .. ' ' .. mentioned)
  answer[#answer + 1] = mentioned
end
return answer
