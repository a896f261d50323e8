-- Reads a room's history: KEYS[1] the room; ARGV who ('' for a program that may read all), 'after' or
-- 'before', the entry to begin at, how many at most. Answers {status, epoch, seq, first, {{seq,
-- id, who, text as JSON, time, the message that it removes}, …}}; the status is 'ok', 'out' to
-- somebody who is not in the room, or 'none' if there is no such room. `before` reads backwards and
-- passes over removals.
local user, way, begin, most = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
if redis.call('EXISTS', room) == 0 then return { 'none', '', 0, 0, {} } end
if user ~= '' and not role_of(user) then return { 'out', '', 0, 0, {} } end
local fields = redis.call('HMGET', meta, 'epoch', 'seq', 'first')
local rows = {}

local function add(entry)
  local f = {}
  for i = 1, #entry[2], 2 do f[entry[2][i]] = entry[2][i + 1] end
  if way == 'before' and f.v then return end
  rows[#rows + 1] = { tonumber(string.match(entry[1], '%d+')), f.i or '', f.u or '', f.x or '""',
    tonumber(f.t), tonumber(f.v or 0) }
end

if way == 'after' then
  for _, entry in ipairs(redis.call('XRANGE', log, (begin + 1) .. '-0', '+', 'COUNT', most)) do
    add(entry)
  end
else
  local from = begin > 0 and '(' .. begin .. '-0' or '+'
  -- Removals are passed over, but never so many that this takes long.
  for _ = 1, 10 do
    local batch = redis.call('XREVRANGE', log, from, '-', 'COUNT', most)
    for _, entry in ipairs(batch) do
      if #rows < most then add(entry) end
    end
    if #rows >= most or #batch < most then break end
    from = '(' .. batch[#batch][1]
  end
end
return { 'ok', fields[1] or '0', tonumber(fields[2] or 0), tonumber(fields[3] or 1), rows }
