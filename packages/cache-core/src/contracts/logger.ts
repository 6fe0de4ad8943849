/** One level of a {@link Logger}: fields first, then a message for people, as pino has it. */
export type LogMethod = (fields: Readonly<Record<string, unknown>>, message: string) => void;

/**
 * Where a cache writes what a person may want to know. Shaped like pino, so that a pino logger can be passed as it is.
 * A cache is silent unless it is given one. Keys are cut to 128 characters; values and secrets never appear.
 */
export interface Logger {
  /** Every operation, with its key. */
  readonly debug: LogMethod;
  /** What happens seldom and is not a fault: a store came back, a cache was closed. */
  readonly info: LogMethod;
  /** A fault that the cache has dealt with: a store is down, an entry could not be read. */
  readonly warn: LogMethod;
  /** A fault that somebody must look at. */
  readonly error: LogMethod;
}
