import { CacheError } from '../errors/cache-error.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { shownKey } from '../key.ts';
import { shownValue } from '../option-checks.ts';
import type { MemoryLimits } from './memory-options.ts';
import { SizeEstimate } from './size-estimate.ts';
import type { EntryHome } from './table-key.ts';

/** What an entry costs beside its key and value: the slots of the map, its TTL and its place in the order. */
const ENTRY_BYTES = 90;
/** What one more costs that is kept as a record: with grace, tags, a lease, or a clone for each caller. */
const RECORD_BYTES = 200;
/** What one more costs in a namespace, which has an index of its own. */
const INDEX_BYTES = 90;

/** Says how many bytes an entry counts: what the user's `sizeOf` answers, or an estimate. */
export class Sizer {
  readonly #sizeOf: MemoryLimits['sizeOf'];
  readonly #estimate = new SizeEstimate();

  constructor(sizeOf: MemoryLimits['sizeOf']) {
    this.#sizeOf = sizeOf;
  }

  /**
   * A whole number, at least 1, or `Infinity`.
   * @param place a namespace's index costs beside the entry
   * @param isRecord whether the entry is kept as a record, which costs more than a bare value
   * @throws INVALID_CONFIGURATION where `sizeOf` throws or answers no number of bytes
   */
  entryBytes(place: EntryHome, key: string, value: unknown, isRecord: boolean): number {
    if (this.#sizeOf === null) {
      const overhead = ENTRY_BYTES + (isRecord ? RECORD_BYTES : 0) + (place.index === null ? 0 : INDEX_BYTES);
      return overhead + this.#estimate.bytesOf(key) + this.#estimate.bytesOf(value);
    }
    let bytes: unknown;
    try {
      bytes = this.#sizeOf(value, key);
    } catch (cause) {
      throw unmeasured(key, 'it threw', cause);
    }
    if (typeof bytes === 'number' && bytes >= 0) return Math.max(1, Math.ceil(bytes));
    throw unmeasured(key, `got ${shownValue(bytes)}`);
  }
}

function unmeasured(key: string, what: string, cause?: unknown): CacheError {
  return new CacheError(
    `sizeOf must answer a number of bytes from 0 up for the value of '${shownKey(key)}'; ${what}. ` +
      'Answer Infinity for what must not be kept.',
    CacheErrorCode.INVALID_CONFIGURATION,
    { cause, details: { option: 'sizeOf' } },
  );
}
