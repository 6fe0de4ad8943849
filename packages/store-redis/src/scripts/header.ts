/** Reading and writing the header of an entry in Lua; the layout is in `entry-header.ts`. */
export const HEADER = `
local FOREVER = 281474976710655
local EXPIRED, COUNTER, VERSIONED, TAGGED = 1, 2, 4, 8
local function has(flags, flag) return math.floor(flags / flag) % 2 == 1 end
local function without(flags, flag) if has(flags, flag) then return flags - flag end return flags end
local function sum(body)
  local words = {struct.unpack('>I4I4I4I4I4I4I4I4I4I4I4', body)}
  local total = 0
  for i = 1, 11 do total = (total * 1000003 + words[i]) % 4294967296 end
  return total
end
-- The first bytes under a key; '' where there is nothing, or something that is not a string.
local function head(key)
  local found = redis.pcall('GETRANGE', key, 0, 51)
  if type(found) == 'string' then return found end
  return ''
end
local function unseal(bytes)
  if #bytes < 52 or string.sub(bytes, 1, 4) ~= 'LDR1' then return nil end
  local body = string.sub(bytes, 9, 52)
  if struct.unpack('>I4', string.sub(bytes, 5, 8)) ~= sum(body) then return nil end
  local h = {}
  h.epoch, h.flags, h.revision, h.seq, h.written, h.ttl, h.grace, h.version = struct.unpack('>I6I1I1I8I8I6I6d', body)
  return h
end
local function seal(h)
  local body = struct.pack('>I6I1I1I8I8I6I6d', h.epoch, h.flags, h.revision, h.seq, h.written, h.ttl, h.grace, h.version)
  return struct.pack('>c4I4', 'LDR1', sum(body)) .. body
end
-- Microseconds until it is stale; 0 or less when it is.
local function fresh(h, now)
  if has(h.flags, EXPIRED) then return 0 end
  if h.ttl == FOREVER then return FOREVER * 1000 end
  return h.written + h.ttl * 1000 - now
end
-- Milliseconds until it is gone, from the moment it was written; nil = for ever.
local function life(h)
  if h.grace == FOREVER then return nil end
  if has(h.flags, EXPIRED) then return h.grace end
  if h.ttl == FOREVER then return nil end
  return h.ttl + h.grace
end
local function store(key, h, rest)
  local ms = life(h)
  if ms then redis.call('SET', key, seal(h) .. rest, 'PX', digits(math.max(ms, 1)))
  else redis.call('SET', key, seal(h) .. rest) end
end
`;
