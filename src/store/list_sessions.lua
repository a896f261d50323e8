-- A person's sessions, the newest first: KEYS[1] `{user}:sessions`; ARGV now, how long a session
-- lasts at all. Answers {{id, created, used, device, address}, …}; what is not known is ''.
local now, age = tonumber(ARGV[1]), tonumber(ARGV[2])
local tag, found = string.sub(KEYS[1], 1, -9), {}
for _, id in ipairs(redis.call('ZREVRANGE', KEYS[1], 0, -1)) do
  local row = redis.call('HMGET', tag .. 'session:' .. id, 'created', 'used', 'device', 'address')
  local created = tonumber(row[1] or '')
  if created and now - created < age then
    found[#found + 1] = { id, row[1], row[2] or row[1], row[3] or '', row[4] or '' }
  end
end
return found
