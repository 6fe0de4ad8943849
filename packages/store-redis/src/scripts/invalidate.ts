import { defineScript } from '../connection/script-runner.ts';
import { HEADER } from './header.ts';
import { PRELUDE } from './prelude.ts';
import { STAMPS } from './stamps.ts';

/**
 * Invalidates keys, moves stamps, announces: one step. ARGV: channel, epoch, number of stamps, client part of the message,
 * `delete` or `expire`, whether the root moves. KEYS: sequence, root, stamps, a key that is never there; then value and lease
 * for each. Answers the new stamp, and for each key whether there was something.
 *
 * It begins by unlinking, so that it also works where the server's memory is full: Redis refuses the first command of a script
 * that takes memory, not the later ones.
 */
export const INVALIDATE = defineScript(`${PRELUDE}${HEADER}${STAMPS}
local first = 4 + stampCount
redis.call('UNLINK', KEYS[first - 1])
for key = first + 1, #KEYS, 2 do redis.call('UNLINK', KEYS[key]) end
local epoch, prev, seq = advance()
local now = micros()
local function expire(key)
  local bytes = head(key)
  if bytes == '' then return 0 end
  local h = unseal(bytes)
  if not h or h.grace == 0 then return redis.call('UNLINK', key) end
  if fresh(h, now) > 0 then
    h.flags, h.written = h.flags + EXPIRED, now
    redis.call('SETRANGE', key, 0, seal(h))
    local ms = life(h)
    if ms then redis.call('PEXPIRE', key, digits(ms)) else redis.call('PERSIST', key) end
  end
  return 1
end
local found = {}
for key = first, #KEYS, 2 do
  found[#found + 1] = ARGV[5] == 'delete' and redis.call('UNLINK', KEYS[key]) or ARGV[5] == 'expire' and expire(KEYS[key])
end
local stamp = epoch .. ':' .. seq
for i = 1, stampCount do
  local left = redis.pcall('PTTL', KEYS[2 + i])
  if left == -1 then redis.call('SET', KEYS[2 + i], stamp)
  else redis.call('SET', KEYS[2 + i], stamp, 'PX', digits(math.max(left, STAMP_MS))) end
end
if ARGV[6] == '1' then redis.call('SET', KEYS[2], stamp) end
announce(epoch, prev, seq, ARGV[4])
return {stamp, found}
`);

/**
 * Gives one entry another time to live, from now, which its stamps must outlive. KEYS: sequence, root, stamps, value. ARGV: channel,
 * epoch, number of stamps, client part of the message, header that was seen, ttl, grace. Answers 1, or 0 where it is no longer the
 * one seen. A shorter life is announced.
 */
export const RETIME = defineScript(`${PRELUDE}${HEADER}${STAMPS}
local key = KEYS[3 + stampCount]
local bytes = head(key)
local h = bytes == ARGV[5] and unseal(bytes)
if not h then return 0 end
local now = micros()
local before = fresh(h, now)
h.flags, h.written, h.ttl, h.grace = without(h.flags, EXPIRED), now, tonumber(ARGV[6]), tonumber(ARGV[7])
redis.call('SETRANGE', key, 0, seal(h))
local ms = life(h)
if ms then redis.call('PEXPIRE', key, digits(math.max(ms, 1))) else redis.call('PERSIST', key) end
for i = 1, stampCount do outlive(i, ms) end
if fresh(h, now) < before then
  local epoch, prev, seq = advance()
  announce(epoch, prev, seq, ARGV[4])
end
return 1
`);
