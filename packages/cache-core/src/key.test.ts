import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isCacheError } from './errors/cache-error.ts';
import { checkKey, checkName, escapeName, shownKey } from './key.ts';

const BAD_KEYS: readonly unknown[] = [
  '',
  '\ud800',
  'a\udfff',
  '\udc00\ud800',
  'x'.repeat(65_536),
  'é'.repeat(32_768),
  '€'.repeat(21_846),
  'x'.repeat(1_000_000),
  `${'x'.repeat(30_000)}\ud800`,
  undefined,
  null,
  Number.NaN,
  true,
  0,
  5n,
  Symbol('k'),
  {},
  new String('k'),
  {
    toString() {
      throw new Error('no');
    },
  },
];

const GOOD_KEYS = [
  'k',
  ' ',
  '\0',
  'a\r\nset x 0 0 1\r\nZ\r\n',
  '__proto__',
  'then',
  '\\',
  '{a}',
  '\ufffd',
  '\ufeff',
  '👩‍👩‍👧',
  'x'.repeat(65_535),
  '€'.repeat(21_845),
  '😀'.repeat(16_383),
];

describe('checkKey', () => {
  it.each(GOOD_KEYS)('answers key %# itself', (key) => {
    expect(checkKey(key)).toBe(key);
  });

  it.each(BAD_KEYS.map((key, index) => ({ key, index })))('refuses bad key $index', ({ key }) => {
    try {
      checkKey(key);
      expect.unreachable();
    } catch (error) {
      expect(isCacheError(error, 'INVALID_KEY')).toBe(true);
      expect(String(error).length).toBeLessThan(400);
    }
  });

  it('agrees with the number of bytes', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', minLength: 1 }),
        fc.integer({ min: 1, max: 70_000 }),
        (unit, length) => {
          const key = unit.repeat(Math.ceil(length / unit.length));
          const fits = Buffer.byteLength(key) <= 65_535;
          if (fits) expect(checkKey(key)).toBe(key);
          else expect(() => checkKey(key)).toThrow('1 to 65,535 UTF-8 bytes');
        },
      ),
    );
  });
});

describe('checkName', () => {
  it('has the rules of keys and says what the name is for', () => {
    for (const name of GOOD_KEYS) expect(checkName(name, 'tag')).toBe(name);
    for (const name of BAD_KEYS) expect(() => checkName(name, 'namespace')).toThrow(/^A namespace must be/);
    try {
      checkName('', 'prefix');
    } catch (error) {
      expect(isCacheError(error, 'INVALID_CONFIGURATION')).toBe(true);
    }
  });
});

describe('escapeName', () => {
  it('escapes the separators alone', () => {
    expect(escapeName('plain-name')).toBe('plain-name');
    expect(escapeName('a/b:c@d\\e')).toBe('a\\/b\\:c\\@d\\\\e');
  });

  it('joins paths and keys so that no two are the same', () => {
    const text = fc.oneof(
      fc.string({ unit: fc.constantFrom('a', '\\', '/', ':', '@'), minLength: 1, maxLength: 5 }),
      fc.string({ minLength: 1, maxLength: 5 }),
    );
    const place = fc.tuple(fc.array(text, { maxLength: 3 }), text);
    const join = ([path, key]: [string[], string]): string =>
      path.length === 0 ? `v:${key}` : `v@${path.map(escapeName).join('/')}:${key}`;
    fc.assert(
      fc.property(place, place, (one, other) => {
        expect(join(one) === join(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
      { numRuns: 5000 },
    );
    const seen = new Map<string, string>();
    const alphabet = ['a', '\\', '/', ':', 'a/', '\\:', ':a', '/\\'];
    const paths = [
      [],
      ...alphabet.map((name) => [name]),
      ...alphabet.flatMap((a) => alphabet.map((b) => [a, b])),
    ];
    for (const path of paths) {
      for (const key of alphabet) {
        const joined = join([path, key]);
        expect(seen.get(joined), joined).toBeUndefined();
        seen.set(joined, JSON.stringify([path, key]));
      }
    }
  });
});

describe('shownKey', () => {
  it('shows short visible keys as they are', () => {
    for (const key of ['user:1', 'é', '日本', '😀', 'x'.repeat(128), '']) expect(shownKey(key)).toBe(key);
  });

  it('cuts to 128 characters, not through a pair', () => {
    expect(shownKey('x'.repeat(129))).toBe(`${'x'.repeat(127)}…`);
    expect(shownKey('😀'.repeat(65))).toBe(`${'😀'.repeat(63)}…`);
    expect(shownKey(`x${'😀'.repeat(64)}`)).toBe(`x${'😀'.repeat(63)}…`);
  });

  it('makes the invisible visible', () => {
    expect(shownKey('a\r\nb\0\u202e\u2028\ud800')).toBe('a\\u{d}\\u{a}b\\u{0}\\u{202e}\\u{2028}\\u{d800}');
  });

  it('is short, visible and well formed whatever the key', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.nat(300), (text, cut) => {
        const shown = shownKey(text + text.slice(0, cut));
        expect(shown.length).toBeLessThanOrEqual(128);
        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      }),
    );
  });
});
