-- Reads what became of everything: KEYS[1] the inbox. Answers {entries, pending, shown, grouped,
-- caught up, lapsed, muted, quiet, preference}.
local counts = redis.call('HMGET', tag .. 'ledger', 'retracts', 'shown', 'grouped', 'caught_up', 'lapsed',
  'withheld_muted', 'withheld_quiet', 'withheld_preference')
local row = { tonumber(redis.call('HGET', meta, 'seq') or 0) - tonumber(counts[1] or 0),
  redis.call('ZCARD', tag .. 'pending') }
for i = 2, 8 do row[i + 1] = tonumber(counts[i] or 0) end
return row
