import { describe, expect, it } from 'vitest';
import { CacheErrorCode } from './errors/error-code.ts';
import { checkValue, isThenable } from './value.ts';

const throwing = Object.defineProperty({}, 'then', {
  get: () => {
    throw new Error('mine');
  },
});
const revoked = (() => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
})();

describe('checkValue', () => {
  it.each([
    ['undefined', undefined],
    ['a function', () => 1],
    ['a class', class {}],
    ['a symbol', Symbol('s')],
    ['a promise', Promise.resolve(1)],
    // biome-ignore lint/suspicious/noThenProperty: a thenable is what is refused
    ['a thenable', { then() {} }],
    ['what await would fail on', throwing],
    ['a revoked proxy', revoked],
  ])('refuses %s, and says what to do', (_, value) => {
    expect(() => checkValue('the key', value)).toThrow(
      expect.objectContaining({
        code: CacheErrorCode.INVALID_VALUE,
        message: expect.stringContaining("'the key'"),
      }),
    );
  });

  it.each([
    ['null', null],
    ['0', 0],
    ['−0', -0],
    ['NaN', Number.NaN],
    ['the empty string', ''],
    ['false', false],
    ['a bigint', 2n ** 64n],
    ['an object', {}],
    // biome-ignore lint/suspicious/noThenProperty: not a function, hence no thenable
    ['a "then" that is data', { then: 'later' }],
    ['a Date', new Date(Number.NaN)],
    ['an array with holes', new Array(5)],
  ])('takes %s', (_, value) => {
    expect(() => checkValue('k', value)).not.toThrow();
  });
});

describe('isThenable', () => {
  it('is what await would take apart', () => {
    expect(isThenable(Promise.resolve())).toBe(true);
    // biome-ignore lint/suspicious/noThenProperty: a thenable is what is looked for
    expect(isThenable({ then: () => {} })).toBe(true);
    for (const value of [null, undefined, 5, 'then', {}]) expect(isThenable(value)).toBe(false);
  });
});
