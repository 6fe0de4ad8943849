import type { Clock } from '../contracts/clock.ts';
import type { CallOptions } from './call-options.ts';
import type { Found } from './found.ts';

/** XFetch draws no random number until less than this many load times remain (e^-8 = 0.03 %). */
const XFETCH_LEAD = 8;

/** Whether a fresh value should be refreshed now, though nobody waits for that. */
export function isDueForRefresh(found: Found, options: CallOptions, clock: Clock): boolean {
  const { earlyRefresh } = options;
  if (earlyRefresh === false || found.ttlMs === Infinity) return false;
  if (earlyRefresh !== 'xfetch') return found.freshMs <= found.ttlMs * (1 - earlyRefresh);
  if (found.freshMs >= found.loadMs * XFETCH_LEAD) return false;
  // 1 − random is above 0, so that the logarithm is finite.
  return -Math.log(1 - clock.random()) * found.loadMs >= found.freshMs;
}

/** How long before the end of an entry a hit refreshes it; undefined = it never does. */
export function leadMs(
  earlyRefresh: CallOptions['earlyRefresh'],
  life: { readonly ttlMs: number; readonly loadMs: number },
): number | undefined {
  if (earlyRefresh === false || life.ttlMs === Infinity) return undefined;
  return earlyRefresh === 'xfetch' ? life.loadMs * XFETCH_LEAD : life.ttlMs * (1 - earlyRefresh);
}
