import { defineScript } from '../connection/script-runner.ts';
import { HEADER } from './header.ts';
import { PRELUDE } from './prelude.ts';
import { STAMPS } from './stamps.ts';

/**
 * Storing an entry: for each, seven arguments that say what it is. ARGV[at]: indexes of its stamps, ttl, grace, flags, version,
 * header of an entry known to be dead, and the envelope.
 *
 * A higher version stays where its entry is valid. Whether one with tags is, this script cannot tell: the answer is 2 then, and
 * the client looks and comes back.
 */
const ENTRY = `
local function outranked(key, list, flags, version, dead)
  if not has(flags, VERSIONED) then return 0 end
  local bytes = head(key)
  if bytes == dead then return 0 end
  local kept = unseal(bytes)
  if not kept or not has(kept.flags, VERSIONED) or kept.version <= version then return 0 end
  if kept.epoch ~= epochNumber or not stand(kept.seq, list) then return 0 end
  if has(kept.flags, TAGGED) then return 2 end
  return 1
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
look(epoch)
${ENTRY}
local function fill(value, lease, at)
  if text(lease) ~= ARGV[at] then return 0 end
  local e, s = string.match(ARGV[at], '@(%x+):(%d+)$')
  local asOf = tonumber(s)
  local rank = outranked(value, ARGV[at + 2], tonumber(ARGV[at + 5]), tonumber(ARGV[at + 6]), ARGV[at + 7])
  if rank == 2 then return 2 end
  redis.call('UNLINK', lease)
  if rank == 1 or e ~= epoch then return 0 end
  local missing = false
  each(ARGV[at + 1], function(i) missing = missing or not stamps[i] end)
  if missing then
    local prev
    epoch, prev, seq = advance()
    announce(epoch, prev, seq, NOBODY)
    each(ARGV[at + 1], function(i) make(i, epoch, seq) end)
    if s == prev then asOf = tonumber(seq) end
  end
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
 * stored, 0 outranked, 2 undecided; or the server's time, where it is too late and nothing was done.
 */
export const WRITE = defineScript(`${PRELUDE}${HEADER}${STAMPS}
local now = micros()
if now > tonumber(ARGV[5]) then return digits(now) end
local epoch, prev, seq = advance()
local epochNumber = tonumber(epoch, 16)
look(epoch)
${ENTRY}
local answers = {}
for i = 0, (#ARGV - 5) / 7 - 1 do
  local key, at = 3 + stampCount + 2 * i, 6 + 7 * i
  local rank = outranked(KEYS[key], ARGV[at], tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4]), ARGV[at + 5])
  if rank == 0 then
    each(ARGV[at], function(n) make(n, epoch, seq) end)
    redis.call('UNLINK', KEYS[key + 1])
    put(KEYS[key], at, tonumber(seq))
    answers[i + 1] = 1
  else
    answers[i + 1] = rank == 1 and 0 or 2
  end
end
announce(epoch, prev, seq, ARGV[4])
return answers
`);
