-- KEYS: own, log, mem, set. ARGV: room, node
local room, node = ARGV[1], ARGV[2]
if not alive(node) then
  return {'buried'}
end
local now = time_us()
local run, complete_in = incarnation()
local left = settling(run, now)
if left > 0 then
  return {'settling', whole(left)}
end
local own = own_of(KEYS[1])
if own.n and own.n ~= node then
  if redis.call('EXISTS', 'rc:node:' .. own.n) == 1 then
    return {'held', own.n, own.t}
  end
  redis.call('SET', 'rc:dead:' .. own.n, '1', 'PX', ROOM_LIVES)
  redis.call('SREM', 'rc:rooms:' .. own.n, room)
end
local term = whole(math.max((own.t or 0) + 1, now))
-- `i` stays as it is: it says of what is in the log, not whose it is.
redis.call('HSET', KEYS[1], 'n', node, 't', term)
for key = 1, 4 do
  redis.call('PEXPIRE', KEYS[key], ROOM_LIVES)
end
belongs(room, node)
return {'taken', own.n or '', own.t or '0', node, term, own.e or '', own.s or '0', own.r or '0',
  own.i == complete_in and '1' or '0'}
