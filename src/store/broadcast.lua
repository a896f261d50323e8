-- Publishes on a channel: KEYS[1] `{ch:NAME}:log`; ARGV the channel and the text as JSON strings,
-- time, generation, an epoch in case this is its first message, an id, idempotency key or '',
-- the hash of what was asked, level or '', how many messages are kept, for how long, and for how
-- long their numbers are. Answers {id} or {''} if the key was used for something else.
local log = KEYS[1]
local tag = string.sub(log, 1, -4)
local meta, used = tag .. 'log:meta', tag .. 'idem:' .. ARGV[7]
if ARGV[7] ~= '' then
  local first = redis.call('HMGET', used, 'body', 'id')
  if first[1] then return { first[1] == ARGV[8] and first[2] or '' } end
  redis.call('HSET', used, 'body', ARGV[8], 'id', ARGV[6])
  redis.call('PEXPIRE', used, 86400000)
end
redis.call('HSETNX', meta, 'epoch', ARGV[5])
local seq = redis.call('HINCRBY', meta, 'seq', 1)
local epoch = ARGV[4] .. '.' .. redis.call('HGET', meta, 'epoch')
local id, text, at = ARGV[6], ARGV[2], ARGV[3]
local level = ARGV[9]
redis.call('XADD', log, 'MAXLEN', ARGV[10], seq .. '-0', 'id', id, 'x', text, 't', at, 'l', level)
redis.call('PEXPIRE', log, ARGV[11])
-- The numbers outlive the messages: a socket that listens since yesterday would take a second
-- first message for one that it has.
redis.call('PEXPIRE', meta, ARGV[12])
redis.call('SPUBLISH', tag .. 'live', seq .. ' {"type":"message","channel":' .. ARGV[1]
  .. ',"epoch":"' .. epoch .. '","seq":' .. seq .. ',"id":"' .. id .. '","text":' .. text
  .. ',"at":' .. at .. (level ~= '' and ',"level":"' .. level .. '"' or '') .. '}')
return { id }
