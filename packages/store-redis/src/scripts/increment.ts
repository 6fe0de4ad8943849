import { defineScript } from '../connection/script-runner.ts';
import { HEADER } from './header.ts';
import { PRELUDE } from './prelude.ts';
import { STAMPS } from './stamps.ts';

/**
 * Counts in one step. KEYS: sequence, root, stamps, value, lease. ARGV: channel, epoch, number of stamps, client part of the
 * message, the moment after which it is too late, what to add; indexes of the stamps that every entry here carries, and those
 * of a counter that begins; its ttl, flags and envelope; the header of an entry that the client has read, the indexes of its tags'
 * stamps, and 1 where it can be read.
 *
 * A counter is taken as it is where its envelope, but for the digits, is what the client has just made for this key. Answers `sum` and
 * the sum; `late` and the server's time; `look` and the entry, where the client must read it first; `refused`, where it is not a whole number or would leave the range of exact ones.
 */
export const INCREMENT = defineScript(`${PRELUDE}${HEADER}${STAMPS}
local now = micros()
if now > tonumber(ARGV[5]) then return {'late', digits(now)} end
local value, lease = KEYS[3 + stampCount], KEYS[4 + stampCount]
local function frame(envelope) return string.match(envelope, '^(.-)=%-?%d+=%-?%d+$') end
local epoch, stood = standing()
if epoch then look(epoch, stood) end
local bytes = head(value)
local h = epoch and unseal(bytes)
local alive = h and h.epoch == tonumber(epoch, 16) and fresh(h, now) > 0 and stand(h.seq, ARGV[7])
if alive then
  local whole = redis.call('GET', value)
  if bytes == ARGV[12] then alive = ARGV[14] == '1' and stand(h.seq, ARGV[13])
  elseif has(h.flags, TAGGED) or frame(string.sub(whole, 53)) ~= frame(ARGV[11]) then return {'look', whole} end
end
local sum, envelope, number = ARGV[6], ARGV[11], nil
if alive then
  envelope = string.sub(redis.call('GET', value), 53)
  local start, _, digitsBefore, again = string.find(envelope, '=(%-?%d+)=(%-?%d+)$')
  if not has(h.flags, COUNTER) or not start or digitsBefore ~= again then return {'refused'} end
  number = tonumber(digitsBefore) + tonumber(ARGV[6])
  if math.abs(number) > 9007199254740991 then return {'refused'} end
  sum = digits(number)
  if number == 0 then sum = '0' end
  envelope = string.sub(envelope, 1, start - 1) .. '=' .. sum .. '=' .. sum
end
local prev, seq
epoch, prev, seq = advance()
if alive then
  local left = redis.call('PTTL', value)
  h.revision = (h.revision + 1) % 256
  if left >= 0 then redis.call('SET', value, seal(h) .. envelope, 'PX', digits(math.max(left, 1)))
  else redis.call('SET', value, seal(h) .. envelope) end
else
  look(epoch, seq)
  local begun = {
    epoch = tonumber(epoch, 16), flags = tonumber(ARGV[10]), revision = 0, seq = tonumber(seq), written = now,
    ttl = tonumber(ARGV[9]), grace = 0, version = 0
  }
  each(ARGV[8], function(i) make(i, epoch, seq); outlive(i, life(begun)) end)
  store(value, begun, envelope)
end
redis.call('UNLINK', lease)
announce(epoch, prev, seq, ARGV[4])
return {'sum', sum}
`);
