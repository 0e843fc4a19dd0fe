-- What a beat is told, without one. Nothing is written.
local beats = redis.call('ZRANGE', 'rc:nodes', 0, -1, 'WITHSCORES')
local seen = {}
for at = 1, #beats, 2 do
  seen[#seen + 1] = {beats[at], redis.call('GET', 'rc:node:' .. beats[at]), beats[at + 1]}
end
return {'beaten', whole(time_us()), (incarnation()), '0', seen}
