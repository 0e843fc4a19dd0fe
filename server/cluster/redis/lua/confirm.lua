-- KEYS: own. ARGV: room, node, term, epoch, revision
local node, term = ARGV[2], tonumber(ARGV[3])
if not alive(node) then
  return -4
end
local own = own_of(KEYS[1])
if own.t and tonumber(own.t) > term then
  return -1
end
if own.t ~= ARGV[3] or own.n ~= node or own.e ~= ARGV[4] or tonumber(own.r) < tonumber(ARGV[5]) then
  return -2
end
local _, complete_in = incarnation()
redis.call('HSET', KEYS[1], 'i', complete_in)
belongs(ARGV[1], node)
return tonumber(own.r)
