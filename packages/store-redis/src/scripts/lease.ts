import { defineScript } from '../connection/script-runner.ts';
import { HEADER } from './header.ts';
import { PRELUDE } from './prelude.ts';
import { STAMPS } from './stamps.ts';

/**
 * The right to replace exactly what was seen. ARGV: channel, epoch, number of stamps, life of the lease in ms, largest entry
 * in bytes; then an id and the token of what was seen for each request. KEYS: sequence, root, stamps; then value and lease
 * for each request.
 *
 * The token of an entry is its header; of other bytes their length and the hash of their ends; of nothing, or of what is not a
 * string, the empty one. Answers: `epoch:seq`, the stamps, and for each request `lease`, `held`, `entry` or `unreadable`.
 */
export const LEASE = defineScript(`${PRELUDE}${HEADER}${STAMPS}
local epoch, seq = current()
look(epoch, seq)
local standing = {}
local missing = false
for i = 0, stampCount do
  standing[i] = stamps[i]
  missing = missing or not stamps[i]
end
-- A stamp that is made anew is newer than all that was stored before: what carries it stays dead.
if missing then
  local prev
  epoch, prev, seq = advance()
  announce(epoch, prev, seq, NOBODY)
end
local made = {text(KEYS[2])}
for i = 1, stampCount do
  make(i, epoch, seq)
  made[i + 1] = epoch .. ':' .. digits(stamps[i])
end
local function tokenOf(key)
  local bytes = head(key)
  if bytes == '' or unseal(bytes) then return bytes end
  return '#' .. redis.call('STRLEN', key) .. ':'
    .. redis.sha1hex(redis.call('GETRANGE', key, 0, 4095) .. redis.call('GETRANGE', key, -4096, -1))
end
local function isAlive(lease)
  local e, s = string.match(lease, '@(%x+):(%d+)$')
  if e ~= epoch then return false end
  for i = 0, stampCount do if standing[i] and standing[i] > tonumber(s) then return false end end
  return true
end
local function ask(value, lease, id, seen)
  local token = tokenOf(value)
  if token ~= '' and token ~= seen then
    if string.sub(token, 1, 1) == '#' then return {'unreadable', token} end
    if redis.call('STRLEN', value) > tonumber(ARGV[5]) then return {'unreadable', token} end
    return {'entry', redis.call('GET', value)}
  end
  local held = text(lease)
  if held and isAlive(held) then return {'held', digits(redis.call('PTTL', lease))} end
  id = id .. '@' .. epoch .. ':' .. seq
  redis.call('SET', lease, id, 'PX', ARGV[4])
  return {'lease', id}
end
local answers = {}
for i = 0, (#ARGV - 5) / 2 - 1 do
  local key = 3 + stampCount + 2 * i
  answers[i + 1] = ask(KEYS[key], KEYS[key + 1], ARGV[6 + 2 * i], ARGV[7 + 2 * i])
end
return {epoch .. ':' .. seq, made, answers}
`);

/** Extends leases that are still held. KEYS: leases. ARGV: ms, then the ids. Answers 1 or 0 for each. */
export const RENEW = defineScript(`
local answers = {}
for i, key in ipairs(KEYS) do
  answers[i] = redis.pcall('GET', key) == ARGV[i + 1] and redis.call('PEXPIRE', key, ARGV[1]) or 0
end
return answers
`);

/** Gives leases back. KEYS: leases. ARGV: the ids. */
export const RELEASE = defineScript(`
for i, key in ipairs(KEYS) do
  if redis.pcall('GET', key) == ARGV[i] then redis.call('UNLINK', key) end
end
return 1
`);
