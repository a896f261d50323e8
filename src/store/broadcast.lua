-- Publishes on a channel: KEYS[1] `{ch:NAME}:log`; ARGV the channel and the text as JSON strings,
-- time, generation, an id, idempotency key or '', the hash of what was asked, level or '', how many
-- messages are kept, for how long, and for how long their numbers are. Answers {id} or {''} if the
-- key was used for something else. Needs channel.lua.
local used = tag .. 'idem:' .. ARGV[6]
if ARGV[6] ~= '' then
  local first = redis.call('HMGET', used, 'body', 'id')
  if first[1] then return { first[1] == ARGV[7] and first[2] or '' } end
  redis.call('HSET', used, 'body', ARGV[7], 'id', ARGV[5])
  redis.call('PEXPIRE', used, 86400000)
end
local begun = redis.call('HGET', meta, 'epoch')
if not begun then
  begun = next_epoch()
  redis.call('HSET', meta, 'epoch', begun)
end
local seq = redis.call('HINCRBY', meta, 'seq', 1)
local epoch = ARGV[4] .. '.' .. begun
local id, text, at = ARGV[5], ARGV[2], ARGV[3]
local level = ARGV[8]
redis.call('XADD', log, 'MAXLEN', ARGV[9], seq .. '-0', 'id', id, 'x', text, 't', at, 'l', level)
redis.call('PEXPIRE', log, ARGV[10])
-- The numbers outlive the messages: a socket that listens since yesterday would take a second
-- first message for one that it has.
redis.call('PEXPIRE', meta, ARGV[11])
redis.call('SPUBLISH', tag .. 'live', seq .. ' {"type":"message","channel":' .. ARGV[1]
  .. ',"epoch":"' .. epoch .. '","seq":' .. seq .. ',"id":"' .. id .. '","text":' .. text
  .. ',"at":' .. at .. (level ~= '' and ',"level":"' .. level .. '"' or '') .. '}')
return { id }
