import type { CacheErrorCode } from './error-code.ts';

const BRAND: unique symbol = Symbol.for('@larder/cache-error') as never;

export interface CacheErrorOptions {
  /** What went wrong underneath, as it was thrown. */
  readonly cause?: unknown;
  /** Whether the same call may succeed later. Default `false`. */
  readonly retryable?: boolean;
  /** Facts for a program: limits, indexes, durations. Never a value, never a secret. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/**
 * The one error that this family of packages throws. Act on `code`, not on the message.
 * Two copies of the package in one process recognise each other's errors by brand: use
 * {@link isCacheError} rather than `instanceof` where both may be loaded.
 */
export class CacheError extends Error {
  override readonly name = 'CacheError';
  readonly code: CacheErrorCode;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(message: string, code: CacheErrorCode, options: CacheErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.details = options.details ?? {};
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** Whether `error` is a {@link CacheError}, of this copy of the package or another, with this code if one is given. */
export function isCacheError(error: unknown, code?: CacheErrorCode): error is CacheError {
  if (typeof error !== 'object' || error === null || !(BRAND in error)) return false;
  return code === undefined || (error as unknown as CacheError).code === code;
}
