-- KEYS: own, log, mem, set. ARGV: room, term, revision
local own = own_of(KEYS[1])
local standing = standing(own, ARGV[2], ARGV[3])
if standing < 0 then
  return standing
end
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
-- The next term, so that what this owner still has on its way is fenced, too.
redis.call('HSET', KEYS[1], 't', whole(own.t + 1))
redis.call('PEXPIRE', KEYS[1], ROOM_LIVES)
redis.call('SREM', 'rc:rooms:' .. own.n, ARGV[1])
return tonumber(own.r or '0')
