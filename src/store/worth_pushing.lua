-- Whether an entry is still worth a push: KEYS[1] the inbox; ARGV its seq, its group. Answers {0} where its
-- group is gone, or its owner has read or seen it, else {1, the message of the room that it tells of, or
-- 0}. Needs entry.lua.
local seq, group = tonumber(ARGV[1]), ARGV[2]
if not redis.call('ZSCORE', groups, group) then return { 0 } end
local fields = redis.call('HMGET', meta, 'seen', 'floor')
-- A group without a mark of its own is read up to the mark of all groups.
local read = tonumber(redis.call('HGET', tag .. 'reads', group) or fields[2] or 0)
if seq <= read or seq <= tonumber(fields[1] or 0) then return { 0 } end
return { 1, tonumber(entry_at(ARGV[1]).m or 0) }
