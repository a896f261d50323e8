-- Notices that the store is not the one it was: KEYS[1] `generation`; ARGV the replication id,
-- the one before it, whether the store syncs every write. Answers the generation.
--
-- A store that starts anew takes a new replication id. A replica that takes over remembers its
-- primary's as the one before: what had not reached it is gone, however well it syncs.
local history = KEYS[1] .. ':history'
local known = redis.call('GET', history)
local generation = tonumber(redis.call('GET', KEYS[1]) or 1)
if known == ARGV[1] then return generation end
redis.call('SET', history, ARGV[1])
if known and (known == ARGV[2] or ARGV[3] == '0') then
  generation = generation + 1
  redis.call('SET', KEYS[1], generation)
end
return generation
