-- Notices that the store is not the one it was: KEYS[1] `generation`; ARGV the replication id, the one
-- before it, whether the store syncs every write, the id of its run, whether a replica can take over.
-- Answers the generation, which it raises unless it is certain that nothing was lost.
--
-- A store takes a new replication id
-- - when it starts anew, with none before it. Then what it had not synced is gone.
-- - when it was a replica and takes over. It keeps its primary's as the one before, whose last writes it
--   may not have had. Where that is not the id that was known, this happened more than once.
-- - an hour after its last replica has left, while its run goes on. It has none before it, then.
-- A replica that took over and was started anew has none before it either. So where a replica can take
-- over, a new id says nothing for certain.
local history, node = KEYS[1] .. ':history', KEYS[1] .. ':node'
local id, before, syncs, run, replicas = ARGV[1], ARGV[2], ARGV[3] == '1', ARGV[4], ARGV[5] == '1'
local known = redis.call('GET', history)
local generation = tonumber(redis.call('GET', KEYS[1]) or 1)
local known_run, had = string.match(redis.call('GET', node) or '', '^(%S+) (%d)$')
local took_over = string.find(before, '[^0]') ~= nil
-- Whether there are replicas is only seen now and then: that there were some is remembered.
local may = replicas or had == '1'
local seen = run .. ' ' .. ((replicas or known == id and may) and '1' or '0')
if seen ~= (known_run or '') .. ' ' .. (had or '') then redis.call('SET', node, seen) end
if known == id then return generation end
redis.call('SET', history, id)
if known and (took_over or may or not syncs and run ~= known_run) then
  generation = generation + 1
  redis.call('SET', KEYS[1], generation)
end
return generation
