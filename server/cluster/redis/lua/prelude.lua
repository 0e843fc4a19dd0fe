-- In front of the scripts that are called seldom.

local function whole(number)
  return string.format('%.0f', number)
end

local function time_us()
  local now = redis.call('TIME')
  return now[1] * 1000000 + now[2]
end

-- A new one with every start, and the name of the history that it has: a replica that becomes the primary begins
-- another, so that a primary which becomes one again after its data went back is no longer the same.
local function incarnation()
  local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
  local history = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
  return run, run .. ':' .. history
end

-- Milliseconds in which rooms are not taken yet.
local function settling(run, now_us)
  local now = math.floor(now_us / 1000)
  local seen = redis.call('HMGET', 'rc:engine', 'i', 'since')
  local left = seen[1] == run and seen[2] + SETTLING - now or SETTLING
  -- More is left than there ever was: the clock was set back.
  if seen[1] ~= run or left > SETTLING then
    redis.call('HSET', 'rc:engine', 'i', run, 'since', whole(now))
    return SETTLING
  end
  return math.max(left, 0)
end

local function alive(node)
  return redis.call('EXISTS', 'rc:node:' .. node) == 1 and redis.call('EXISTS', 'rc:dead:' .. node) == 0
end

-- 1: the room is as its owner left it. Else what the owner is answered: -1 fenced, -2 lost.
local function standing(own, term, revision)
  if own.t and tonumber(own.t) > tonumber(term) then
    return -1
  end
  -- A room in which nothing was established yet has the revision -1.
  if own.t ~= term or (own.r or '-1') ~= revision then
    return -2
  end
  return 1
end

local function own_of(key)
  local got = redis.call('HMGET', key, 'n', 't', 's', 'r', 'e', 'i')
  return {n = got[1], t = got[2], s = got[3], r = got[4], e = got[5], i = got[6]}
end

local function belongs(room, node)
  redis.call('SADD', 'rc:rooms:' .. node, room)
  redis.call('PEXPIRE', 'rc:rooms:' .. node, ROOM_LIVES)
end

