-- KEYS: own, log, mem, set
-- ARGV: room, node, term, epoch, revision, seq, how many entries, members, fields; then
--   entries (seq, payload, at, to), members (name, state), fields (name, value)
local room, node = ARGV[1], ARGV[2]
if not alive(node) then
  return -4
end
local own = own_of(KEYS[1])
if own.t and tonumber(own.t) > tonumber(ARGV[3]) then
  return -1
end
local _, complete_in = incarnation()
belongs(room, node)
if own.t == ARGV[3] and own.e == ARGV[4] and own.n == node and tonumber(own.r) >= tonumber(ARGV[5]) then
  redis.call('HSET', KEYS[1], 'i', complete_in)
  return tonumber(own.r)
end
if own.n and own.n ~= node then
  redis.call('SREM', 'rc:rooms:' .. own.n, room)
end
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
local next = 10
for _ = 1, tonumber(ARGV[7]) do
  redis.call('XADD', KEYS[2], ARGV[next] .. '-0', 'p', ARGV[next + 1], 'a', ARGV[next + 2], 'o', ARGV[next + 3])
  next = next + 4
end
for kind = 0, 1 do
  for _ = 1, tonumber(ARGV[8 + kind]) do
    redis.call('HSET', KEYS[3 + kind], ARGV[next], ARGV[next + 1])
    next = next + 2
  end
end
redis.call('HSET', KEYS[1], 'n', node, 't', ARGV[3], 'e', ARGV[4], 'r', ARGV[5], 's', ARGV[6], 'i', complete_in)
for key = 1, 4 do
  redis.call('PEXPIRE', KEYS[key], ROOM_LIVES)
end
return tonumber(ARGV[5])
