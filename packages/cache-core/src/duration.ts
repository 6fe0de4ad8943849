import type { Duration } from './contracts/duration.ts';
import { invalidOption } from './option-checks.ts';

/** The greatest distance between two dates of JavaScript, some 273,000 years; whatever is longer has no end. */
const LONGEST_MS = 8.64e15;

const UNIT_MS = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
  ['w', 604_800_000],
]);
const WITH_UNIT = /^(\d+(?:\.\d+)?) ?(ms|s|m|h|d|w)$/;
const NUMBER_ALONE = /^\d+(?:\.\d+)?$/;

/**
 * Turns a duration into whole milliseconds, rounded up, so that only 0 is 0; or `Infinity`, also for what is longer than
 * 8.64e15 ms.
 *
 * @param option the name that an error gives: `'ttl'`
 * @param unit what a bare number counts
 * @throws CacheError `INVALID_CONFIGURATION` for a negative number, `NaN`, a string without a unit, or anything else
 */
export function durationMs(value: Duration, option: string, unit: 's' | 'ms' = 's'): number {
  const ms = typeof value === 'string' ? parse(value) : numberOf(value) * (unit === 's' ? 1000 : 1);
  if (!(ms >= 0)) throw invalidDuration(value, option, unit);
  // Adding 0 turns -0 into 0.
  return ms > LONGEST_MS ? Infinity : roundUp(ms) + 0;
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : Number.NaN;
}

function parse(text: string): number {
  const [, amount, unit] = WITH_UNIT.exec(text) ?? [];
  return amount === undefined || unit === undefined
    ? Number.NaN
    : Number(amount) * (UNIT_MS.get(unit) ?? Number.NaN);
}

/** Up to the next whole number, but not because of a rounding error: 0.07 × 1000 is 70.00000000000001. */
function roundUp(ms: number): number {
  const nearest = Math.round(ms);
  return Math.abs(ms - nearest) <= nearest * 1e-12 ? nearest : Math.ceil(ms);
}

function invalidDuration(value: unknown, option: string, unit: 's' | 'ms'): Error {
  const expected =
    `a duration: a number of ${unit === 's' ? 'seconds' : 'milliseconds'} from 0 up, Infinity, ` +
    `or a string with a unit such as '250ms', '90s', '5m', '2h', '1d', '1w'`;
  const fix =
    typeof value === 'string' && NUMBER_ALONE.test(value)
      ? `Write the number without quotes, or a unit behind it: '${value.slice(0, 20)}s'.`
      : undefined;
  return invalidOption(option, expected, value, fix);
}
