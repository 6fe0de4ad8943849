/** Which operation is next, for all clients of a turn together. */
export interface Cursor {
  next: number;
  readonly to: number;
}

/**
 * So many clients at once, each of which takes the next operation as soon as it has the answer to its last, from `from` up
 * to, but not including, `to`. Answers the sum of what they answer.
 */
export async function inFlight(
  clients: number,
  from: number,
  to: number,
  client: (cursor: Cursor) => Promise<number>,
): Promise<number> {
  const cursor = { next: from, to };
  if (clients === 1) return client(cursor);
  const sums = await Promise.all(Array.from({ length: clients }, () => client(cursor)));
  return sums.reduce((total, sum) => total + sum, 0);
}
