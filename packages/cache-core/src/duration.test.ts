import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationMs } from './duration.ts';
import { isCacheError } from './errors/cache-error.ts';

function errorOf(value: unknown, unit?: 's' | 'ms'): Error {
  try {
    durationMs(value as number, 'ttl', unit);
  } catch (error) {
    if (isCacheError(error, 'INVALID_CONFIGURATION')) return error;
  }
  throw new Error(`nothing was thrown for ${typeof value}`);
}

describe('durationMs', () => {
  it.each([
    [0, 0],
    [-0, 0],
    [0.5, 500],
    [60, 60_000],
    [0.0004, 1],
    [1e-12, 1],
    [0.07, 70],
    [1.001, 1001],
    [0.29, 290],
    [Infinity, Infinity],
    [2 ** 53, Infinity],
    [8.64e12, 8.64e15],
    [8.64e12 + 1, Infinity],
    [2_592_001, 2_592_001_000],
  ])('takes the number %s as seconds: %s ms', (value, ms) => {
    expect(durationMs(value, 'ttl')).toBe(ms);
  });

  it('takes a number as milliseconds where the option says so', () => {
    expect(durationMs(250, 'timeout', 'ms')).toBe(250);
    expect(durationMs(0.2, 'timeout', 'ms')).toBe(1);
    expect(durationMs('2s', 'timeout', 'ms')).toBe(2000);
  });

  it.each([
    ['250ms', 250],
    ['90s', 90_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['1w', 604_800_000],
    ['1.5h', 5_400_000],
    ['10 s', 10_000],
    ['0s', 0],
    ['0.2ms', 1],
    [`${'9'.repeat(400)}d`, Infinity],
  ])('reads %j as %s ms', (text, ms) => {
    expect(durationMs(text, 'ttl')).toBe(ms);
  });

  it.each<unknown>([
    Number.NaN,
    -1,
    -Infinity,
    '',
    '5',
    '-5s',
    's',
    '5 parsecs',
    '1h30m',
    ' 5s',
    '5s\n',
    '5  s',
    '5S',
    '1e3s',
    'Infinity',
    new Date(),
    5n,
    {},
    [],
    null,
    undefined,
    true,
    Symbol('5s'),
    { toString: () => '5s' },
    { valueOf: () => 5 },
  ])('refuses %s, naming the option', (value) => {
    expect(errorOf(value).message).toMatch(/^ttl must be a duration: a number of seconds.*'250ms'.*; got /);
  });

  it('tells what to write instead of a number in quotes', () => {
    expect(errorOf('5').message).toContain(
      "got '5'. Write the number without quotes, or a unit behind it: '5s'.",
    );
  });

  it('is whole, never shorter than asked, and less than 1 ms longer', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1e9, noNaN: true }), (ms) => {
        const whole = durationMs(ms, 'ttl', 'ms');
        expect(Number.isInteger(whole)).toBe(true);
        expect(whole).toBeGreaterThanOrEqual(ms * (1 - 1e-12));
        expect(whole).toBeLessThan(ms + 1);
      }),
    );
  });

  it('agrees with whole milliseconds written as seconds', () => {
    fc.assert(fc.property(fc.nat(), (ms) => void expect(durationMs(ms / 1000, 'ttl')).toBe(ms)));
  });
});
