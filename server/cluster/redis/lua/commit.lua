-- KEYS: own, log, mem, set, inboxes
-- ARGV: term, revision, seq, how many entries, members, members gone, fields, fields gone, messages, the seq before which
--   entries go (0: none), how many are withdrawn; then
--   seqs of these, entries (payload, at, to), members (name, state), names, fields (name, value), names,
--   messages (how many inboxes, which of them, body)
-- Answers the revision; -1: fenced; -2: lost.
local own = redis.call('HMGET', KEYS[1], 't', 'r', 's')
if own[1] ~= ARGV[1] then
  if own[1] and tonumber(own[1]) > tonumber(ARGV[1]) then
    return -1
  end
  return -2
end
if own[2] ~= ARGV[2] or own[3] ~= ARGV[3] then
  return -2
end

local next = 12
for _ = 1, tonumber(ARGV[11]) do
  redis.call('XDEL', KEYS[2], ARGV[next] .. '-0')
  next = next + 1
end
if ARGV[10] ~= '0' then
  redis.call('XTRIM', KEYS[2], 'MINID', ARGV[10] .. '-0')
end

local seq = tonumber(ARGV[3])
local entries = tonumber(ARGV[4])
for _ = 1, entries do
  seq = seq + 1
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', LOG_KEPT, string.format('%.0f-0', seq),
    'p', ARGV[next], 'a', ARGV[next + 1], 'o', ARGV[next + 2])
  next = next + 3
end
if entries > 0 then
  redis.call('PEXPIRE', KEYS[2], ROOM_LIVES)
end

local writes = entries > 0
for kind = 0, 1 do
  local key = KEYS[3 + kind]
  local set = tonumber(ARGV[5 + 2 * kind])
  local gone = tonumber(ARGV[6 + 2 * kind])
  local added = 0
  for _ = 1, set do
    added = added + redis.call('HSET', key, ARGV[next], ARGV[next + 1])
    next = next + 2
  end
  for _ = 1, gone do
    redis.call('HDEL', key, ARGV[next])
    next = next + 1
  end
  if added > 0 then
    redis.call('PEXPIRE', key, ROOM_LIVES)
  end
  writes = writes or set + gone > 0
end

for _ = 1, tonumber(ARGV[9]) do
  local inboxes = tonumber(ARGV[next])
  local body = ARGV[next + inboxes + 1]
  for inbox = next + 1, next + inboxes do
    redis.call('XADD', KEYS[tonumber(ARGV[inbox])], 'NOMKSTREAM', 'MAXLEN', '~', INBOX_KEPT, '*', 'b', body)
  end
  next = next + inboxes + 2
end

local revision = tonumber(ARGV[2])
if writes then
  revision = revision + 1
  redis.call('HSET', KEYS[1], 's', string.format('%.0f', seq), 'r', string.format('%.0f', revision))
  -- Not with each commit: four commands that nobody misses for a quarter of an hour.
  if redis.call('PTTL', KEYS[1]) < ROOM_LIVES * 3 / 4 then
    for key = 1, 4 do
      redis.call('PEXPIRE', KEYS[key], ROOM_LIVES)
    end
  end
end
return revision
