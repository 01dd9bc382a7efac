-- The keys of one batch by group: a cursor, the size of a batch, then patterns. Answers the next cursor, and of each group
-- its name, how many keys it has and how much memory they take. A pattern that is none is an error.
for i = 3, #ARGV do
  string.find('', ARGV[i])
end

local function group_of(key)
  for i = 3, #ARGV do
    local match = { string.find(key, ARGV[i]) }
    if match[1] then
      return table.concat(match, '', 3)
    end
  end
  return 'unclassified'
end

local batch = redis.call('SCAN', ARGV[1], 'COUNT', ARGV[2])
local groups, places = {}, {}
for _, key in ipairs(batch[2]) do
  local memory = redis.call('MEMORY', 'USAGE', key)
  -- A key may have gone since.
  if memory then
    local name = group_of(key)
    local place = places[name]
    if not place then
      place = #groups + 1
      places[name] = place
      groups[place] = { name, 0, 0 }
    end
    local group = groups[place]
    group[2] = group[2] + 1
    group[3] = group[3] + memory
  end
end
return { batch[1], groups }
