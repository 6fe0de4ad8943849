import { defineScript } from '../connection/script-runner.ts';
import { HEADER } from './header.ts';
import { PRELUDE } from './prelude.ts';

/** Removes entries that a clear has killed, and those of earlier incarnations. KEYS: sequence, root, values. Answers how many. */
export const SWEEP = defineScript(`${PRELUDE}${HEADER}
local epoch = standing()
if not epoch then return 0 end
local clear = tonumber(string.match(text(KEYS[2]), ':(%d+)$'))
local removed = 0
for i = 3, #KEYS do
  local h = unseal(head(KEYS[i]))
  if h and (h.epoch ~= tonumber(epoch, 16) or h.seq < clear) then removed = removed + redis.call('UNLINK', KEYS[i]) end
end
return removed
`);

/** Which entries are fresh and not cleared. KEYS: sequence, root, values. Answers 1 or 0 for each. */
export const ALIVE = defineScript(`${PRELUDE}${HEADER}
local epoch = standing()
local clear = epoch and tonumber(string.match(text(KEYS[2]), ':(%d+)$'))
local now = micros()
local answers = {}
for i = 3, #KEYS do
  local h = epoch and unseal(head(KEYS[i]))
  answers[i - 2] = h and h.epoch == tonumber(epoch, 16) and h.seq >= clear and fresh(h, now) > 0 and 1 or 0
end
return answers
`);
