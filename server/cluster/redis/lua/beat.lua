-- KEYS: node, dead, inbox, rooms of the node. ARGV: node, about, rooms to keep
if redis.call('EXISTS', KEYS[2]) == 1 then
  return {'buried'}
end
local now = time_us()
local ms = math.floor(now / 1000)
redis.call('SET', KEYS[1], ARGV[2], 'PX', LEASE)
redis.call('PEXPIRE', KEYS[3], INBOX_LIVES)
redis.call('PEXPIRE', KEYS[4], ROOM_LIVES)
redis.call('ZADD', 'rc:nodes', whole(ms), ARGV[1])
redis.call('ZREMRANGEBYSCORE', 'rc:nodes', '-inf', '(' .. whole(ms - ROOM_LIVES))
for room = 3, #ARGV do
  local keys = 'rc:{' .. ARGV[room] .. '}:'
  for _, part in ipairs({'own', 'log', 'mem', 'set'}) do
    redis.call('PEXPIRE', keys .. part, ROOM_LIVES)
  end
end
local run = incarnation()
local beats = redis.call('ZRANGE', 'rc:nodes', 0, -1, 'WITHSCORES')
local seen = {}
for at = 1, #beats, 2 do
  seen[#seen + 1] = {beats[at], redis.call('GET', 'rc:node:' .. beats[at]), beats[at + 1]}
end
return {'beaten', whole(now), run, whole(settling(run, now)), seen}
