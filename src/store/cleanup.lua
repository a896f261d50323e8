-- The queue of what was deleted and is to be cleaned up: KEYS[1] `cleanup`; ARGV 'add' (a job that may
-- be taken so many milliseconds from now), 'take' (any, for so long), 'back' (one's own, which anybody may
-- take from then on) or 'done' (one's own); the milliseconds; the job; until when one had it. Answers {job,
-- until when one has it now}, or {} where there is none to take, or it is not one's own any more.
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local what, later, job = ARGV[1], now + tonumber(ARGV[2]), ARGV[3]
if what == 'take' then
  job = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 1)[1]
  if not job then return {} end
elseif what ~= 'add' and redis.call('ZSCORE', KEYS[1], job) ~= ARGV[4] then
  -- It was taken by another server after one was silent for too long, or added again.
  return {}
end
if what == 'done' then
  redis.call('ZREM', KEYS[1], job)
else
  redis.call('ZADD', KEYS[1], later, job)
end
return { job, later }
