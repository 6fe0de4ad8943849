import { expect, it } from 'vitest';
import { type Cursor, inFlight } from './in-flight.ts';

it.each([1, 3, 64])('does each operation of a turn once, with %i at once', async (clients) => {
  const done: number[] = [];
  let [running, most] = [0, 0];
  const client = async (cursor: Cursor): Promise<number> => {
    let sum = 0;
    while (cursor.next < cursor.to) {
      const place = cursor.next++;
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      done.push(place);
      sum += place;
    }
    return sum;
  };
  expect(await inFlight(clients, 100, 300, client)).toBe((100 + 299) * 100);
  expect(done.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, n) => 100 + n));
  expect(most).toBe(clients);
});
