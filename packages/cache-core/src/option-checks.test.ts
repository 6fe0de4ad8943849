import { describe, expect, it } from 'vitest';
import { isCacheError } from './errors/cache-error.ts';
import { byteCount, checkOptions, ratio, shownValue, wholeNumber } from './option-checks.ts';

function errorOf(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    if (isCacheError(error, 'INVALID_CONFIGURATION')) return error;
  }
  throw new Error('nothing was thrown');
}

describe('ratio', () => {
  it('takes numbers from 0 to 1', () => {
    expect([0, 0.1, 1].map((value) => ratio(value, 'jitter'))).toEqual([0, 0.1, 1]);
  });

  it.each([-0.1, 1.1, 10, Number.NaN, Infinity, '0.1', null, undefined, 1n, {}])('refuses %s', (value) => {
    expect(errorOf(() => ratio(value, 'jitter')).message).toMatch(/^jitter must be a share.*; got /);
  });
});

describe('wholeNumber', () => {
  it('takes whole numbers in range, and Infinity where the range has it', () => {
    expect(wholeNumber(0, 'n')).toBe(0);
    expect(wholeNumber(2 ** 53 - 1, 'n')).toBe(2 ** 53 - 1);
    expect(wholeNumber(5, 'n', { min: 5, max: 5 })).toBe(5);
    expect(wholeNumber(Infinity, 'n', { max: Infinity })).toBe(Infinity);
  });

  it.each([-1, 0.5, Number.NaN, Infinity, 2 ** 53, '5', 5n, null, undefined])('refuses %s', (value) => {
    expect(errorOf(() => wholeNumber(value, 'maxEntries')).message).toMatch(
      /^maxEntries must be a whole number from 0 up; got /,
    );
  });

  it('names the range', () => {
    expect(errorOf(() => wholeNumber(9, 'level', { min: 1, max: 8 })).message).toBe(
      'level must be a whole number from 1 to 8; got 9.',
    );
  });
});

describe('byteCount', () => {
  it.each([
    [0, 0],
    [1e12, 1e12],
    [Infinity, Infinity],
    ['0b', 0],
    ['512kb', 524_288],
    ['64mb', 67_108_864],
    ['64 MB', 67_108_864],
    ['1.5gb', 1_610_612_736],
    ['0.3kb', 307],
  ])('takes %s: %s bytes', (value, bytes) => {
    expect(byteCount(value, 'maxBytes')).toBe(bytes);
  });

  it.each([
    -1,
    0.5,
    Number.NaN,
    '10',
    '',
    '10tb',
    '-1mb',
    '1e3kb',
    `${'9'.repeat(15)}gb`,
    {},
    null,
    new Date(),
    5n,
  ])('refuses %s', (value) => {
    expect(errorOf(() => byteCount(value, 'maxBytes')).message).toMatch(
      /^maxBytes must be a number of bytes from 0 up/,
    );
  });

  it('refuses what is below the least', () => {
    expect(errorOf(() => byteCount(0, 'maxBytes', { min: 1 })).message).toContain('from 1 up');
  });
});

describe('checkOptions', () => {
  interface Options {
    readonly ttl?: number;
    readonly grace?: number;
    readonly softTimeout?: number;
  }
  const NAMES = ['ttl', 'grace', 'softTimeout'];
  const check = (options: unknown): Partial<Options> =>
    checkOptions(options as Options, NAMES, 'get options');

  it('answers a copy without what is undefined', () => {
    const options = { ttl: 5, grace: undefined };
    const checked = check(options);
    expect(checked).toEqual({ ttl: 5 });
    options.ttl = 6;
    expect(checked.ttl).toBe(5);
    expect('grace' in checked).toBe(false);
  });

  it('takes no options at all', () => {
    expect(check(undefined)).toEqual({});
  });

  it('takes options inherited from defaults, or without a prototype', () => {
    expect(check(Object.create({ ttl: 5 }))).toEqual({ ttl: 5 });
    expect(check(Object.assign(Object.create(null), { ttl: 5 }))).toEqual({ ttl: 5 });
  });

  it.each([null, 5, 'ttl', true, [], () => undefined, Symbol('x')])('refuses %s', (options) => {
    expect(errorOf(() => check(options)).message).toMatch(/^get options must be an object; got /);
  });

  it.each([
    ['tttl', 'ttl'],
    ['TTL', 'ttl'],
    ['gracee', 'grace'],
    ['garce', 'grace'],
    ['softTimout', 'softTimeout'],
    ['soft_timeout', 'softTimeout'],
  ])('for %s suggests %s', (name, meant) => {
    expect(errorOf(() => check({ [name]: 1 })).message).toBe(
      `get options: there is no option '${name}'. Did you mean '${meant}'?`,
    );
  });

  it.each(['banana', 'x'.repeat(100_000), '__proto__x', 'constructor'])(
    'lists the names where none is close',
    (name) => {
      const { message } = errorOf(() => check({ [name]: 1 }));
      expect(message).toContain('Known: ttl, grace, softTimeout.');
      expect(message.length).toBeLessThan(300);
    },
  );

  it('refuses an own __proto__', () => {
    expect(errorOf(() => check(JSON.parse('{"__proto__":{"ttl":1}}'))).message).toContain(
      "no option '__proto__'",
    );
  });

  it('reads each option once', () => {
    let reads = 0;
    const options = {
      get ttl() {
        return ++reads;
      },
    };
    expect(check(options).ttl).toBe(1);
    expect(reads).toBe(1);
  });

  it('names the getter that throws, and keeps what it threw', () => {
    const cause = new Error('secret');
    const options = {
      get grace() {
        throw cause;
      },
    };
    const error = errorOf(() => check(options));
    expect(error.message).toContain("the option 'grace' could not be read");
    expect(error.cause).toBe(cause);
  });

  it('refuses a proxy that throws', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(errorOf(() => check(proxy)).message).toContain('could not be read');
  });
});

describe('shownValue', () => {
  it('shows nothing of the inside of an object', () => {
    const secret = { toString: () => 'hunter2', toJSON: () => 'hunter2', password: 'hunter2' };
    expect(shownValue(secret)).toBe('an object');
    expect(shownValue(['hunter2'])).toBe('an array');
    expect(shownValue(new Date())).toBe('a Date');
    expect(shownValue(-0)).toBe('-0');
    expect(shownValue('a\n'.repeat(1000)).length).toBeLessThanOrEqual(130);
  });
});
