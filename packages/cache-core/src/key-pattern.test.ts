import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { patternMatcher } from './key-pattern.ts';

/** What a pattern means, as it is said, without a thought for time. */
function means(pattern: readonly string[], key: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return key.length === 0;
  if (first === '*') return key.some((_, index) => means(rest, key.slice(index))) || means(rest, []);
  if (first === '\\' && rest.length > 0) return key[0] === rest[0] && means(rest.slice(1), key.slice(1));
  return key.length > 0 && (first === '?' || first === key[0]) && means(rest, key.slice(1));
}

describe('patternMatcher', () => {
  it.each([
    ['*', 'anything', true],
    ['**', 'anything', true],
    ['user:*', 'user:', true],
    ['user:*', 'user:1:name', true],
    ['user:*', 'users:1', false],
    ['*:name', 'user:1:name', true],
    ['*:name', 'user:1:names', false],
    ['a*b*c', 'abc', true],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-c-b', false],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['a?c', 'a\u{1f600}c', true],
    ['?', '\u{1f600}', true],
    ['??', '\u{1f600}', false],
    ['a\\*', 'a*', true],
    ['a\\*', 'ab', false],
    ['a\\?', 'a?', true],
    ['a\\\\*', 'a\\anything', true],
    ['a\\b', 'ab', true],
    ['a\\', 'a\\', true],
    ['', 'a', false],
    ['exact', 'exact', true],
    ['exact', 'exactly', false],
    ['[a-z]', 'b', false],
    ['[a-z]', '[a-z]', true],
    ['{a}', '{a}', true],
    ['.*', 'ab', false],
    ['^a$', '^a$', true],
    ['*\udc00', '\u{1f400}', false],
  ])('%j against %j: %s', (pattern, key, expected) => {
    expect(patternMatcher(pattern)(key)).toBe(expected);
  });

  it('means what a pattern says, whatever is in it', () => {
    const text = (characters: string[]) => fc.string({ unit: fc.constantFrom(...characters), maxLength: 8 });
    fc.assert(
      fc.property(
        text(['a', 'b', '*', '*', '?', '\\', '\u{1f600}']),
        text(['a', 'b', '*', '?', '\\', '\u{1f600}']),
        (pattern, key) => {
          expect(patternMatcher(pattern)(key)).toBe(means([...pattern], [...key]));
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('may be asked again and again', () => {
    const matches = patternMatcher('a*b');
    expect([matches('ab'), matches('x'), matches('axb'), matches('ab')]).toEqual([true, false, true, true]);
  });

  it.each([
    ['runs that all could begin anywhere', '*a'.repeat(5000), `${'a'.repeat(60_000)}b`],
    ['runs and single characters', '*?'.repeat(5000), 'a'.repeat(4999)],
    ['a long part that almost fits everywhere', `*${'a'.repeat(300)}b*`, 'a'.repeat(60_000)],
  ])('does not run away with %s', (_, pattern, key) => {
    // Exponential time would not end at all; a limit in milliseconds would fail on a busy machine.
    expect(patternMatcher(pattern)(key)).toBe(false);
  });
});
