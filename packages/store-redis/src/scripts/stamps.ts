/**
 * Stamps in Lua. ARGV[3] is their number; their keys are KEYS[3] and on. `stamps[i]` is the sequence of the i-th, and
 * `stamps[0]` that of the root; false for one that is missing, or of another incarnation.
 *
 * A stamp lives at least twice as long as the longest entry that carries it. When it is gone, so are they: a missing stamp
 * makes entries miss, and is made anew at a number of its own, above all that they carry.
 */
export const STAMPS = `
local STAMP_MS = 86400000
local stampCount = tonumber(ARGV[3])
local stamps = {}
local function moment(found, epoch, seq)
  local e, s = string.match(found or '', '^(%x+):(%d+)$')
  -- One that is ahead of the sequence is damaged.
  if e == epoch and tonumber(s) <= tonumber(seq) then return tonumber(s) end
  return false
end
local function look(epoch, seq)
  stamps[0] = moment(text(KEYS[2]), epoch, seq)
  for i = 1, stampCount do stamps[i] = moment(text(KEYS[2 + i]), epoch, seq) end
end
-- Makes the i-th stamp anew if it is missing.
local function make(i, epoch, seq)
  if stamps[i] then return end
  redis.call('SET', KEYS[2 + i], epoch .. ':' .. seq, 'PX', STAMP_MS)
  stamps[i] = tonumber(seq)
end
local function outlive(i, ms)
  if i == 0 then return end
  local left = redis.call('PTTL', KEYS[2 + i])
  if left == -1 then return end
  if not ms or ms > 140737488355327 then redis.call('PERSIST', KEYS[2 + i])
  elseif left < 2 * ms then redis.call('PEXPIRE', KEYS[2 + i], digits(2 * ms)) end
end
-- Calls f with each index of a list such as '1,3,4'.
local function each(list, f) for i in string.gmatch(list, '%d+') do f(tonumber(i)) end end
-- Whether none of the root and the listed stamps has moved since asOf.
local function stand(asOf, list)
  local standing = stamps[0] and asOf >= stamps[0]
  each(list, function(i) if not stamps[i] or asOf < stamps[i] then standing = false end end)
  return standing
end
`;
