/** A stream of keys to ask for. */
export interface Workload {
  /** How many keys it has from beginning to end; `Infinity` where it only ends when its time is over. */
  readonly requests: number;
  /** How many different keys it can ask for. */
  readonly distinctKeys: number;
  /** The next key, or undefined at the end. */
  next(): string | undefined;
}
