import { MessagePackSerializer } from '@larder/cache-core';
import { expect, it } from 'vitest';
import { payloads } from './micro-payload.ts';
import { microValue } from './micro-subject.ts';

const sizes = [200, 1000, 10_000, 100_000];
const cases = (['rows', 'text'] as const).flatMap((shape) => sizes.map((bytes) => [shape, bytes] as const));

it.each(cases)('makes %s of %i bytes, and says whose they are', (shape, bytes) => {
  const valueAt = payloads(bytes, shape);
  for (const place of [0, 5, 12_345]) {
    const value = valueAt(place);
    expect(value.n).toBe(microValue(place).n);
    const size = new MessagePackSerializer().serialize(value).length;
    expect(Math.abs(size - bytes)).toBeLessThanOrEqual(bytes * 0.01 + 2);
  }
});

it('makes most of rows of rows', () => {
  expect(payloads(10_000, 'rows')(1).rows?.length).toBeGreaterThan(50);
  expect(payloads(200, 'rows')(1).rows).toHaveLength(1);
});
