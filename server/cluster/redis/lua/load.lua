-- KEYS: own, log, mem, set
local own = redis.call('HMGET', KEYS[1], 'e', 's')
if not own[1] then
  return false
end
return {own[2], redis.call('XRANGE', KEYS[2], '-', '+'), redis.call('HGETALL', KEYS[3]), redis.call('HGETALL', KEYS[4])}
