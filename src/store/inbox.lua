-- What the scripts that change an inbox share. KEYS[1] is always `{user}:inbox`; the other keys
-- of that person carry the same tag, lie in the same slot, and are derived from it.
--
-- Every call of a script makes these functions anew, which costs more than some commands do. So
-- there are few here, and what is rarely needed lies inside of them or in retract.lua.
local inbox = KEYS[1]
local tag = string.sub(inbox, 1, -6)
local meta, groups = tag .. 'inbox:meta', tag .. 'groups'

local function publish(topic, seq, frame)
  redis.call('SPUBLISH', topic, seq .. ' ' .. frame)
end

-- So many entries have come to this end. What has none yet is in `pending`.
local function settle(outcome, count)
  if count > 0 then redis.call('HINCRBY', tag .. 'ledger', outcome, count) end
end

-- Nobody has to be told of this entry any more.
local function lapse(seq)
  settle('lapsed', redis.call('ZREM', tag .. 'pending', seq))
  redis.call('ZREM', tag .. 'silenced', seq)
end

-- The numbers of this inbox: read once a script by `open`, changed, and written back by `save`.
-- `live` is how many entries live, and up to `swept` all that are dead have left the stream. A group
-- without a mark of its own in `reads` is read up to `floor`, which marks all groups at once.
local epoch, newest, first, unread, live, swept, floor

local function open()
  if epoch then return end
  local f = redis.call('HMGET', meta, 'epoch', 'seq', 'first', 'unread', 'live', 'swept', 'floor')
  epoch, newest, first = f[1] or '0', tonumber(f[2] or 0), tonumber(f[3] or 1)
  unread, live, swept = tonumber(f[4] or 0), tonumber(f[5] or 0), tonumber(f[6] or 0)
  floor = f[7] or 0
  if f[5] or newest == 0 then return end
  -- An inbox of a version that did not count what lives. Happens once.
  local entries = {}
  for _, group in ipairs(redis.call('ZRANGE', groups, 0, -1)) do
    local people = redis.call('ZRANGE', tag .. 'group:' .. group, 0, -1, 'WITHSCORES')
    for i = 1, #people, 2 do entries[#entries + 1] = { tonumber(people[i + 1]), people[i] } end
  end
  table.sort(entries, function(a, b) return a[1] < b[1] end)
  for _, entry in ipairs(entries) do
    local has = redis.call('RPUSH', tag .. 'from:' .. entry[2], entry[1])
    redis.call('ZADD', tag .. 'most', has, entry[2])
  end
  live = #entries
  redis.call('HSET', meta, 'live', live)
end

local function save()
  -- The store writes a script's numbers as fractions, which costs as much as a command.
  local text = string.format
  redis.call('HSET', meta, 'seq', text('%d', newest), 'first', text('%d', first), 'unread',
    text('%d', unread), 'live', text('%d', live), 'swept', text('%d', swept))
end

-- Sets the newest live entry of a group (nil: none is left) and keeps the unread count true:
-- it counts the groups whose newest live entry lies above their read mark.
local function set_newest(group, seq)
  local before = tonumber(redis.call('ZSCORE', groups, group) or 0)
  -- A group that comes has no mark yet.
  local own = before > 0 and redis.call('HGET', tag .. 'reads', group)
  local mark = before > 0 and tonumber(own or floor) or 0
  if seq then
    redis.call('ZADD', groups, seq, group)
  else
    redis.call('ZREM', groups, group)
    if own then redis.call('HDEL', tag .. 'reads', group) end
    seq = 0
  end
  if before > mark then unread = unread - 1 end
  if tonumber(seq) > mark then unread = unread + 1 end
end

-- The entry `seq` of this sender lives no more. What is not recent leaves the stream with it.
local function bury(who, seq)
  redis.call('LREM', tag .. 'from:' .. who, 1, seq)
  live = live - 1
  if tonumber(seq) <= swept then
    redis.call('XDEL', inbox, seq .. '-0')
    lapse(seq)
  end
end

-- Takes a person's live entry `seq` out of a group.
local function withdraw(group, person, seq)
  local people = tag .. 'group:' .. group
  -- Those of a group that went as a whole were counted out with it.
  if redis.call('ZREM', people, person) == 0 then live = live + 1 end
  bury(person, seq)
  set_newest(group, redis.call('ZREVRANGE', people, 0, 0, 'WITHSCORES')[2])
end

-- Keeps the inbox small, after an entry was added. A few steps a call are enough to keep up.
--
-- Live entries above `max` go, and all that are older than `oldest`: one after the other from the
-- old end, or those of a sender who has too many. Dead ones take no room of live ones: the newest
-- 512 entries stay in the stream, dead or alive, since whoever is further behind reloads; of what is
-- older, only the live ones stay.
local function trim(max, oldest)
  local entry = redis.call('XRANGE', inbox, '-', '+', 'COUNT', 1)[1]
  local sweeps = newest % 32 == 0 and newest - swept > 512
  -- Every entry begins with kind, group and time.
  if live <= max and not sweeps and tonumber(entry[2][6]) >= oldest then return end

  -- The group of an entry and who made it, where it is their live one. After the time comes who,
  -- unless it takes something back.
  local function living(fields, seq)
    if fields[7] ~= 'u' then return nil end
    local alive = redis.call('ZSCORE', tag .. 'group:' .. fields[4], fields[8])
    if tonumber(alive or 0) == seq then return fields[4], fields[8] end
  end

  -- A live entry has to leave for a newer one. Whoever liked a post stays counted in its group.
  local function leave(group, who, seq)
    local n = string.match(group, '^like%.(%d+)$')
    if n and redis.call('EXISTS', tag .. 'post:' .. n) == 1 then
      redis.call('HINCRBY', tag .. 'post:' .. n, 'past', 1)
    end
    withdraw(group, who, seq)
  end

  -- Whoever has most, and more than a tenth of what fits in, gives up their oldest entry. False if
  -- nobody has so many.
  local function take_from_most()
    while true do
      local who, had = unpack(redis.call('ZREVRANGE', tag .. 'most', 0, 0, 'WITHSCORES'))
      if not who then return false end
      local has = redis.call('LLEN', tag .. 'from:' .. who)
      if has <= math.max(1, max / 10) then
        redis.call('ZREM', tag .. 'most', who)
      elseif has < tonumber(had) then
        redis.call('ZADD', tag .. 'most', has, who)
      else
        local seq = redis.call('LINDEX', tag .. 'from:' .. who, 0)
        local given = redis.call('XRANGE', inbox, seq .. '-0', seq .. '-0')[1]
        lapse(seq)
        leave(given and given[2][4] or '', who, seq)
        return true
      end
    end
  end

  local begin = first
  for _ = 1, 8 do
    local aged = entry and tonumber(entry[2][6]) < oldest
    if not entry or not aged and live <= max then break end
    if aged or not take_from_most() then
      local seq = tonumber(string.match(entry[1], '%d+'))
      local group, who = living(entry[2], seq)
      if group then
        if aged then withdraw(group, who, seq) else leave(group, who, seq) end
      end
      first = seq + 1
      redis.call('XTRIM', inbox, 'MINID', first .. '-0')
    end
    if not aged and live <= max then break end
    entry = redis.call('XRANGE', inbox, '-', '+', 'COUNT', 1)[1]
  end
  if first > begin then
    local last = string.format('%d', first - 1)
    settle('lapsed', redis.call('ZREMRANGEBYSCORE', tag .. 'pending', '-inf', last))
    redis.call('ZREMRANGEBYSCORE', tag .. 'silenced', '-inf', last)
  end

  if sweeps then
    local last, dead, seqs = newest - 512, {}, {}
    local old = redis.call('XRANGE', inbox, (swept + 1) .. '-0', last .. '-0', 'COUNT', 64)
    for _, entry in ipairs(old) do
      swept = tonumber(string.match(entry[1], '%d+'))
      if not living(entry[2], swept) then dead[#dead + 1], seqs[#seqs + 1] = entry[1], swept end
    end
    if #old < 64 then swept = last end
    if #dead > 0 then
      redis.call('XDEL', inbox, unpack(dead))
      settle('lapsed', redis.call('ZREM', tag .. 'pending', unpack(seqs)))
      redis.call('ZREM', tag .. 'silenced', unpack(seqs))
    end
  end
end
