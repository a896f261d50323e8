-- Sends a person a message of another program: KEYS[1] the person's inbox; ARGV text as JSON,
-- level, id, time, generation, most entries, oldest time, idempotency key or '', the hash of what
-- was asked, who sends it. Answers {person exists, id, why it makes no toast or ''}; the id is the first one's
-- for a repeat, and empty if the key was used for something else.
local text, level, id, at, generation = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local max, oldest, key, body = tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8], ARGV[9]
local used = tag .. 'idem:' .. key

if redis.call('EXISTS', tag .. 'user') == 0 then return { 0, '', '' } end
if key ~= '' then
  local first = redis.call('HMGET', used, 'body', 'id')
  if first[1] then return { 1, first[1] == body and first[2] or '', '' } end
  redis.call('HSET', used, 'body', body, 'id', id)
  redis.call('PEXPIRE', used, 86400000)
end
local _, withheld = notify('message', nil, nil, '', 'program:' .. ARGV[10], at, { 'l', level, 'x', text },
  '"level":"' .. level .. '","text":' .. text, generation, max, oldest)
return { 1, id, withheld }
