-- Enters announcements into a person's inbox, each once: KEYS[1] the inbox; ARGV the announcements'
-- epoch, generation, most entries, oldest time, '1' if these are all that are kept, then each
-- announcement's seq, level, text as JSON, and time, in their order. Answers 'ok', or 'behind' where
-- one is missing before the first of these.
local epoch, generation, max, oldest = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local created = redis.call('HGET', tag .. 'user', 'created')
if not created then return 'ok' end
local known, last = string.match(redis.call('HGET', meta, 'announced') or '', '(%S+) (%d+)')
local entered = known == epoch and tonumber(last) or 0
if ARGV[5] ~= '1' and tonumber(ARGV[6]) > entered + 1 then return 'behind' end
for i = 6, #ARGV, 4 do
  local seq, level, text, at = tonumber(ARGV[i]), ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  if seq > entered then
    -- What was said before they came was not said to them.
    if tonumber(at) >= tonumber(created) then
      notify('announcement', nil, nil, '', 'house', at, { 'l', level, 'x', text },
        '"level":"' .. level .. '","text":' .. text, generation, max, oldest)
    end
    entered = seq
  end
end
-- A reading that finds nothing new writes nothing.
local upto = epoch .. ' ' .. entered
if redis.call('HGET', meta, 'announced') ~= upto then redis.call('HSET', meta, 'announced', upto) end
return 'ok'
