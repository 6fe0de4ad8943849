import { expect, it } from 'vitest';
import { turnOrder } from './rounds.ts';

it('rotates and reverses, so that everybody is first and last alike', () => {
  const orders = Array.from({ length: 6 }, (_, time) => turnOrder(3, time).join(''));
  expect(orders).toEqual(['012', '210', '120', '021', '201', '102']);
});
