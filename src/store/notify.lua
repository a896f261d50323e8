-- How a person is told of something. Needs inbox.lua.

-- Why an entry makes no toast (nil: it makes one), and whether it is kept from every list too.
-- `about` is what it happened on, as it stands in mutes.
local function withholds(kind, about, who, at)
  -- Who wants to hear of being mentioned wants to hear of being invited.
  local wish = kind == 'invitation' and 'mention' or kind
  local wants = redis.call('HMGET', tag .. 'attention', wish, 'quiet', 'dnd', 'mute:' .. who,
    'mute:' .. about)
  if wants[4] or wants[5] then return 'muted', true end
  if wants[1] == 'off' then return 'preference', true end
  if wants[1] == 'inbox' then return 'preference', false end
  if tonumber(wants[3] or 0) > tonumber(at) then return 'quiet', false end
  if wants[2] then
    local from, to, offset, changes = string.match(wants[2], '(%d+) (%d+) (%-?%d+)(.*)')
    from, to = tonumber(from), tonumber(to)
    -- Where a zone is named, its clocks change: from a second on they are so many minutes ahead.
    for since, ahead in string.gmatch(changes, ' (%d+):(%-?%d+)') do
      if tonumber(since) * 1000 > tonumber(at) then break end
      offset = ahead
    end
    local minute = (math.floor(at / 60000) + tonumber(offset)) % 1440
    local during = minute >= from and minute < to
    if from > to then during = minute >= from or minute < to end
    if during then return 'quiet', false end
  end
end

-- Stores an entry and publishes it. `group` is nil for one that is a group of its own; `fields`
-- are stored with the entry, and `json` are members of the frame. Answers its seq, and why it makes
-- no toast ('': it makes one), and whether it is kept from every list. Of one person's entries in one group only the newest lives: `before`
-- is the one that lived so far, if there is any.
local function notify(kind, group, before, about, who, at, fields, json, generation, max, oldest)
  local withheld, hidden = withholds(kind, about, who, at)
  open()
  newest = newest + 1
  -- Written once: the store writes a script's numbers as fractions, which costs as much as a command.
  local seq = string.format('%d', newest)
  group = group or kind .. '.' .. seq
  local entry = { 'k', kind, 'g', group, 't', at, 'u', who }
  for _, field in ipairs(fields) do entry[#entry + 1] = field end
  if withheld then
    entry[#entry + 1], entry[#entry + 2] = 'w', withheld
    settle('withheld_' .. withheld, 1)
    redis.call('ZADD', tag .. 'silenced', seq, seq)
  else
    redis.call('ZADD', tag .. 'pending', seq, seq)
  end
  redis.call('XADD', inbox, seq .. '-0', unpack(entry))
  if not hidden then
    if before then bury(who, before) end
    redis.call('ZADD', tag .. 'group:' .. group, seq, who)
    -- Senders are counted, so that nobody fills the inbox alone; see `trim`.
    local has = redis.call('RPUSH', tag .. 'from:' .. who, seq)
    if has > max / 10 then redis.call('ZADD', tag .. 'most', has, who) end
    live = live + 1
    set_newest(group, seq)
  end
  trim(max, oldest)
  save()
  local void = hidden and ',"void":true' or ''
  local why = withheld and ',"withheld":"' .. withheld .. '"' or ''
  publish(tag .. 'live', seq, '{"type":"notification","epoch":"' .. generation .. '.' .. epoch
    .. '","seq":' .. seq .. ',"group":"' .. group .. '","unread":' .. unread .. ',"kind":"' .. kind
    .. '",' .. json .. ',"at":' .. at .. void .. why .. '}')
  return seq, withheld or '', hidden
end
