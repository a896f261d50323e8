-- Notes what became of entries: KEYS[1] the inbox; ARGV generation, epoch as the client knows it,
-- the outcome, seqs. Answers when those were made of which nobody had said so before.
local made = {}
open()
if ARGV[1] .. '.' .. epoch ~= ARGV[2] then return made end
for i = 4, #ARGV do
  if redis.call('ZREM', tag .. 'pending', ARGV[i]) == 1 then
    made[#made + 1] = tonumber(entry_at(ARGV[i]).t or 0)
  end
end
settle(ARGV[3], #made)
return made
