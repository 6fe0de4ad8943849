import { defineScript } from '../connection/script-runner.ts';
import { HEADER } from './header.ts';
import { PRELUDE } from './prelude.ts';
import { STAMPS } from './stamps.ts';

/**
 * Storing an entry: for each, seven arguments that say what it is. ARGV[at]: indexes of its stamps, ttl, grace, flags, version,
 * header of an entry known to be dead, and the envelope.
 *
 * A higher version stays where its entry is valid. Whether it is, this script cannot tell, for it cannot read which stamps that
 * carries: the answer is 2 then, and the client looks and comes back.
 */
const ENTRY = `
local function isDoubtful(key, flags, version, dead)
  if not has(flags, VERSIONED) then return false end
  local bytes = head(key)
  if bytes == dead then return false end
  local kept = unseal(bytes)
  if not kept or not has(kept.flags, VERSIONED) or kept.version <= version then return false end
  return kept.epoch == epochNumber
end
local function put(key, at, asOf)
  local h = {
    epoch = epochNumber, flags = tonumber(ARGV[at + 3]), revision = 0, seq = asOf, written = micros(),
    ttl = tonumber(ARGV[at + 1]), grace = tonumber(ARGV[at + 2]), version = tonumber(ARGV[at + 4])
  }
  local ms = life(h)
  each(ARGV[at], function(i) outlive(i, ms) end)
  store(key, h, ARGV[at + 6])
end
`;

/**
 * Stores only while the lease is held and no stamp has moved. ARGV: channel, epoch, number of stamps; then for each fill its
 * lease, indexes of stamps that the lease did not cover, and what it is. KEYS: sequence, root, stamps; then value and lease for
 * each. Answers 1 stored, 0 refused, 2 undecided.
 *
 * A stamp that is missing was lost, unless the lease did not cover it: then nobody may have had it yet. It is made now, which is
 * after the load began, so the entry counts only if nothing at all was announced in between.
 */
export const FILL = defineScript(`${PRELUDE}${HEADER}${STAMPS}
local epoch, seq = current()
local epochNumber = tonumber(epoch, 16)
look(epoch, seq)
${ENTRY}
-- What stood when this script began, and the stamps that it has made itself.
local begun, made = seq, {}
local function fill(value, lease, at)
  if text(lease) ~= ARGV[at] then return 0 end
  local e, s = string.match(ARGV[at], '@(%x+):(%d+)$')
  local asOf = tonumber(s)
  if isDoubtful(value, tonumber(ARGV[at + 5]), tonumber(ARGV[at + 6]), ARGV[at + 7]) then return 2 end
  redis.call('UNLINK', lease)
  if e ~= epoch then return 0 end
  local missing, isLate = false, false
  each(ARGV[at + 1], function(i)
    missing = missing or not stamps[i]
    isLate = isLate or not stamps[i] or made[i]
  end)
  if missing then
    local prev
    epoch, prev, seq = advance()
    announce(epoch, prev, seq, NOBODY)
    each(ARGV[at + 1], function(i)
      made[i] = made[i] or not stamps[i]
      make(i, epoch, seq)
    end)
  end
  if isLate and s == begun then asOf = tonumber(seq) end
  if not stand(asOf, ARGV[at + 2]) then return 0 end
  put(value, at + 2, asOf)
  return 1
end
local answers = {}
for i = 0, (#ARGV - 3) / 9 - 1 do
  local key = 3 + stampCount + 2 * i
  answers[i + 1] = fill(KEYS[key], KEYS[key + 1], 4 + 9 * i)
end
return answers
`);

/**
 * Stores whatever is there, voids leases, announces. ARGV: channel, epoch, number of stamps, client part of the message, the
 * moment of the server's clock after which it is too late; then for each write what it is. KEYS as in a fill. Answers 1
 * stored, 2 undecided; or the server's time, where it is too late and nothing was done.
 */
export const WRITE = defineScript(`${PRELUDE}${HEADER}${STAMPS}
local now = micros()
if now > tonumber(ARGV[5]) then return digits(now) end
local epoch, prev, seq = advance()
local epochNumber = tonumber(epoch, 16)
look(epoch, seq)
${ENTRY}
local answers = {}
for i = 0, (#ARGV - 5) / 7 - 1 do
  local key, at = 3 + stampCount + 2 * i, 6 + 7 * i
  if isDoubtful(KEYS[key], tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4]), ARGV[at + 5]) then
    answers[i + 1] = 2
  else
    each(ARGV[at], function(n) make(n, epoch, seq) end)
    redis.call('UNLINK', KEYS[key + 1])
    put(KEYS[key], at, tonumber(seq))
    answers[i + 1] = 1
  end
end
announce(epoch, prev, seq, ARGV[4])
return answers
`);
