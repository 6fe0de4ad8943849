import { describe, expect, it } from 'vitest';
import { SizeEstimate } from './size-estimate.ts';

function bytesOf(value: unknown): number {
  return new SizeEstimate().bytesOf(value);
}

/** Within a factor of two either way. */
function expectAbout(bytes: number, expected: number): void {
  expect(bytes).toBeGreaterThan(expected / 2);
  expect(bytes).toBeLessThan(expected * 2);
}

describe('SizeEstimate', () => {
  it('knows the lengths of keys, strings and binary data', () => {
    const empty = bytesOf('');
    expect(bytesOf('abc')).toBe(empty + 3);
    expect(bytesOf('x'.repeat(1000))).toBe(empty + 1000);
    expect(bytesOf('語'.repeat(1000))).toBe(empty + 2000);
    expect(bytesOf(`${'x'.repeat(999)}語`)).toBe(empty + 2000);
    expect(bytesOf(Buffer.alloc(5000)) - bytesOf(Buffer.alloc(0))).toBe(5000);
    expect(bytesOf(new Float64Array(100)) - bytesOf(new Float64Array(0))).toBe(800);
    expect(bytesOf(new ArrayBuffer(5000)) - bytesOf(new ArrayBuffer(0))).toBe(5000);
  });

  it('answers whole numbers', () => {
    for (const value of [
      null,
      0,
      true,
      5n,
      {},
      [],
      [0.5, 'a', { b: 1 }],
      new Map([[{}, 1]]),
      new Set(['x']),
      new Date(),
    ]) {
      const bytes = bytesOf(value);
      expect(Number.isSafeInteger(bytes)).toBe(true);
      expect(bytes).toBeGreaterThanOrEqual(0);
    }
  });

  it('extrapolates what it does not look at, nested objects included', () => {
    const row = () => ({ id: 1, name: 'a'.repeat(100), tags: ['x', 'y'] });
    const one = bytesOf(row());
    expectAbout(bytesOf(Array.from({ length: 10_000 }, row)), 10_000 * one);
    expectAbout(bytesOf(new Map(Array.from({ length: 10_000 }, (_, index) => [index, row()]))), 10_000 * one);
    expectAbout(bytesOf(new Set(Array.from({ length: 10_000 }, row))), 10_000 * one);
    expectAbout(
      bytesOf(Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`k${index}`, row()]))),
      1000 * one,
    );
    expectAbout(
      bytesOf({ pages: [Array.from({ length: 5000 }, row), Array.from({ length: 5000 }, row)] }),
      10_000 * one,
    );
  });

  it('counts an object that occurs twice once, and ends with one that contains itself', () => {
    const large = { text: 'x'.repeat(10_000) };
    expect(bytesOf([large, large])).toBeLessThan(15_000);
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    expect(bytesOf(cyclic)).toBeLessThan(100);
  });

  it('is not stopped by depth, traps, getters or holes', () => {
    let deep: unknown[] = [];
    for (let level = 0; level < 1e5; level++) deep = [deep];
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const throwing = Object.defineProperty({}, 'a', {
      enumerable: true,
      get: () => {
        throw new Error('mine');
      },
    });
    const sparse: number[] = [];
    sparse[1e9] = 1;
    for (const value of [deep, proxy, [proxy], throwing, { throwing }, sparse]) {
      expect(Number.isSafeInteger(bytesOf(value))).toBe(true);
    }
  });

  it('walks about one in 16 once it has seen enough, and takes the mean for the others', () => {
    const estimate = new SizeEstimate();
    let looks = 0;
    const value = () =>
      Object.defineProperty({ text: 'x'.repeat(200) }, 'counted', {
        enumerable: true,
        get: () => {
          looks += 1;
          return 1;
        },
      });
    const sizes = Array.from({ length: 32 + 160 }, () => estimate.bytesOf(value()));
    expect(looks).toBeGreaterThan(32 + 5);
    expect(looks).toBeLessThan(32 + 20);
    expect(Math.max(...sizes)).toBe(Math.min(...sizes));
  });

  it.each([2, 4, 16, 17])('is not deceived by one large value in %i', (period) => {
    const estimate = new SizeEstimate();
    let sum = 0;
    for (let index = 0; index < 10_000; index++) {
      sum += estimate.bytesOf({ text: 'x'.repeat(index % period === 0 ? 100_000 : 10) });
    }
    expectAbout(sum, (10_000 / period) * 100_000);
  });

  it('follows when values grow', () => {
    const estimate = new SizeEstimate();
    const sum = (count: number, length: number): number => {
      let bytes = 0;
      for (let index = 0; index < count; index++) {
        bytes += estimate.bytesOf({ text: 'x'.repeat(length) });
      }
      return bytes;
    };
    sum(1000, 10);
    sum(1000, 10_000);
    expectAbout(sum(1600, 10_000), 1600 * 10_000);
  });
});
