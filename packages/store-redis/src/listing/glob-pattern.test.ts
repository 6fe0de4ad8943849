import { patternMatcher } from '@larder/cache-core/store';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { globOf } from './glob-pattern.ts';

/** A Redis glob in which only `*` is special, as `globOf` makes them, as a regular expression. */
function globTest(glob: string): RegExp {
  const source = glob.replace(/\\([\s\S])|\*|([\s\S])/gu, (all, escaped?: string, plain?: string) => {
    if (all === '*') return '[\\s\\S]*';
    return (escaped ?? plain ?? '').replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  });
  return new RegExp(`^${source}$`);
}

const text = fc.string({
  unit: fc.constantFrom('a', 'b', '*', '?', '\\', '[', ']', '-', '^', 'é', '😀'),
  maxLength: 8,
});

describe('globOf', () => {
  it('finds at least what the pattern matches', () => {
    fc.assert(
      fc.property(text, text, (pattern, key) => {
        if (patternMatcher(pattern)(key)) expect(key).toMatch(globTest(globOf(pattern)));
      }),
      { numRuns: 2000 },
    );
  });

  it('takes brackets and what is escaped literally', () => {
    expect(globOf('user:[1]*')).toBe('user:\\[1\\]*');
    expect(globOf('a\\*b?')).toBe('a\\*b*');
  });
});
