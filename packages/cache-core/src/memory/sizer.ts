import { CacheError } from '../errors/cache-error.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { shownKey } from '../key.ts';
import { shownValue } from '../option-checks.ts';
import type { MemoryLimits } from './memory-options.ts';
import { SizeEstimate } from './size-estimate.ts';

/** Says how many bytes an entry counts: what the user's `sizeOf` answers, or an estimate. */
export class Sizer {
  readonly #sizeOf: MemoryLimits['sizeOf'];
  readonly #estimate = new SizeEstimate();

  constructor(sizeOf: MemoryLimits['sizeOf']) {
    this.#sizeOf = sizeOf;
  }

  /**
   * A whole number, at least 1, or `Infinity`.
   * @param isRecord whether the entry is kept as a record, which costs more than a bare value
   * @throws INVALID_CONFIGURATION where `sizeOf` throws or answers no number of bytes
   */
  entryBytes(key: string, value: unknown, isRecord: boolean): number {
    if (this.#sizeOf === null) return this.#estimate.entryBytes(key, value, isRecord);
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
