-- KEYS: own, log, mem, set. ARGV: room, term, revision, to, message
local own = own_of(KEYS[1])
local standing = standing(own, ARGV[2], ARGV[3])
if standing < 0 then
  return standing
end
local room, to = ARGV[1], ARGV[4]
local inbox = 'rc:in:' .. to
if not alive(to) or redis.call('EXISTS', inbox) == 0 then
  return -3
end
local _, complete_in = incarnation()
local term = whole(math.max(own.t + 1, time_us()))
redis.call('HSET', KEYS[1], 'n', to, 't', term)
for key = 1, 4 do
  redis.call('PEXPIRE', KEYS[key], ROOM_LIVES)
end
redis.call('SREM', 'rc:rooms:' .. own.n, room)
belongs(room, to)
redis.call('XADD', inbox, 'NOMKSTREAM', 'MAXLEN', '~', INBOX_KEPT, '*', 'b', ARGV[5])
return {'taken', own.n, own.t, to, term, own.e, own.s, own.r, own.i == complete_in and '1' or '0'}
