/**
 * Every code a {@link CacheError} can carry. Codes are stable across versions; messages are not.
 * `docs/errors.md` has one heading for each.
 */
export const CacheErrorCode = {
  /** An option, a duration, a name or a combination of options cannot work. */
  INVALID_CONFIGURATION: 'INVALID_CONFIGURATION',
  /** A key is not a well-formed string of 1 to 65,535 UTF-8 bytes. */
  INVALID_KEY: 'INVALID_KEY',
  /** A value can be cached by no store: `undefined`, a thenable, a function, a symbol. */
  INVALID_VALUE: 'INVALID_VALUE',
  /** A value is larger than the store takes. */
  VALUE_TOO_LARGE: 'VALUE_TOO_LARGE',
  /** A value cannot fit into the memory that the cache may use. */
  MEMORY_LIMIT_EXCEEDED: 'MEMORY_LIMIT_EXCEEDED',
  /** A serializer could not turn a value into bytes. */
  SERIALIZATION_FAILED: 'SERIALIZATION_FAILED',
  /** Stored bytes cannot be read back. Never reaches a reader: there it is a miss. */
  CORRUPT_ENTRY: 'CORRUPT_ENTRY',
  /** A value does not match the schema of the call. */
  VALIDATION_FAILED: 'VALIDATION_FAILED',
  /** A loader, a store or a close did not finish within its time limit. */
  OPERATION_TIMEOUT: 'OPERATION_TIMEOUT',
  /** The store cannot be reached, or its breaker is open. */
  STORE_UNAVAILABLE: 'STORE_UNAVAILABLE',
  /** The store answered with an error. */
  STORE_FAILED: 'STORE_FAILED',
  /** Some keys of a bulk operation were not carried out; `details.failed` has their indexes. */
  BULK_FAILED: 'BULK_FAILED',
  /** The store cannot do this, and emulating it would lose a guarantee. */
  UNSUPPORTED: 'UNSUPPORTED',
  /** The cache or the store has been closed. */
  CLOSED: 'CLOSED',
  /** A cache could not be warmed. */
  WARMING_FAILED: 'WARMING_FAILED',
} as const;

export type CacheErrorCode = (typeof CacheErrorCode)[keyof typeof CacheErrorCode];
