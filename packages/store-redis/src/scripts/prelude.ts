/**
 * What every script begins with. KEYS[1] is the sequence, KEYS[2] the root stamp; ARGV[1] the channel, ARGV[2] an epoch for a
 * new incarnation.
 *
 * The sequence numbers announcements and is a clock at the same time: `max(last + 1, microseconds)`. It is formatted, never
 * concatenated: Lua would round it to 14 digits. Where the sequence or the root stamp is missing or damaged, what the server
 * holds may be the remainder of anything: it is a new incarnation then, with a new epoch, under which no older entry is valid.
 */
export const PRELUDE = `
-- The client part of a message that names nothing.
local NOBODY = '{"o":"","n":0,"k":[],"t":[]}'
local function text(key)
  local found = redis.pcall('GET', key)
  if type(found) == 'string' then return found end
  return nil
end
local function micros()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end
local function digits(number) return string.format('%.0f', number) end
local function standing()
  local seq = string.match(text(KEYS[1]) or '', '^%d+$')
  local epoch, root = string.match(text(KEYS[2]) or '', '^([0-9a-f]+):(%d+)$')
  local number = seq and tonumber(seq)
  -- Beyond this doubles skip numbers; no clock comes here before the year 2255.
  if number and number > 9007199254000000 then number = nil end
  if epoch and (#epoch ~= 12 or tonumber(root) > (number or 0)) then epoch = nil end
  if number and epoch then return epoch, seq end
  return nil, number or 0
end
local function begin(last)
  local seq = digits(math.max(last + 1, micros()))
  redis.call('SET', KEYS[1], seq)
  redis.call('SET', KEYS[2], ARGV[2] .. ':' .. seq)
  return ARGV[2], seq
end
local function announce(epoch, prev, seq, message)
  redis.call('PUBLISH', ARGV[1], epoch .. ' ' .. prev .. ' ' .. seq .. ' ' .. message)
end
-- Where the store stands: epoch and sequence. A new incarnation is announced.
local function current()
  local epoch, seq = standing()
  if epoch then return epoch, seq end
  epoch, seq = begin(seq)
  announce(epoch, '0', seq, NOBODY)
  return epoch, seq
end
-- The next step: epoch, the sequence before, and the new one.
local function advance()
  local epoch, prev = standing()
  if not epoch then
    local seq
    epoch, seq = begin(prev)
    return epoch, '0', seq
  end
  local seq = digits(math.max(tonumber(prev) + 1, micros()))
  redis.call('SET', KEYS[1], seq)
  return epoch, prev, seq
end
`;
