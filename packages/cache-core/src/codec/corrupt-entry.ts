import { CacheError } from '../errors/cache-error.ts';
import { CacheErrorCode } from '../errors/error-code.ts';

/**
 * Why stored bytes cannot be read; `details.reason` of a `CORRUPT_ENTRY`. Stable, and fit to be a metric's label.
 *
 * `format`, `flags`, `serializer`, `compression` and `encrypted`: whole, but written by a newer version of this package
 * or with other options. All others: damaged, moved from another key, or never written by this package.
 */
export type CorruptReason =
  | 'size'
  | 'truncated'
  | 'magic'
  | 'format'
  | 'checksum'
  | 'flags'
  | 'serializer'
  | 'compression'
  | 'encrypted'
  | 'header'
  | 'bomb'
  | 'stream'
  | 'payload';

const FOREIGN: ReadonlySet<CorruptReason> = new Set([
  'format',
  'flags',
  'serializer',
  'compression',
  'encrypted',
]);

/**
 * The error for bytes that cannot be read. There is no `cause`: what parsers say about bytes quotes them.
 *
 * `details.foreign` is true where the entry may well be good for another reader: it must not be deleted as damaged.
 */
export function corruptEntry(reason: CorruptReason, why: string): CacheError {
  return new CacheError(
    `Stored bytes cannot be read: ${why}. They count as a miss and will be replaced.`,
    CacheErrorCode.CORRUPT_ENTRY,
    { details: { reason, foreign: FOREIGN.has(reason) } },
  );
}
