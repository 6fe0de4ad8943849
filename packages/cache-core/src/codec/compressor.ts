import { isUtf8 } from 'node:buffer';
import type { CompressionAlgorithm, CompressionOptions } from '../contracts/compressor.ts';
import { CacheError } from '../errors/cache-error.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { byteCount, checkOptions, invalidOption, wholeNumber } from '../option-checks.ts';
import { isWellFormed } from '../well-formed.ts';
import { compressBytes, decompressWithin, isAvailable, levelsOf } from './compression.ts';
import { corruptEntry } from './corrupt-entry.ts';

const ALGORITHMS: readonly string[] = ['gzip', 'deflate', 'brotli', 'zstd'];
const DEFAULT_THRESHOLD_BYTES = 2_048;
const DEFAULT_LEVEL = 1;
/** What `compress` takes and `decompress` answers at most. */
const MAX_BYTES = 64 * 1024 * 1024;
const FIRST_CHUNK_BYTES = 64 * 1024;

/**
 * Compresses text and bytes into plain gzip, deflate, brotli or zstd streams, which any other program can read.
 * A store that is given `compression` needs none of these methods called; they are for use of your own.
 */
export class Compressor {
  readonly algorithm: CompressionAlgorithm;
  /** Below this many bytes a store leaves values as they are. The methods here always compress. */
  readonly threshold: number;
  readonly level: number;

  /** @throws CacheError `INVALID_CONFIGURATION` for an unknown option, or one that is out of range; for zstd where Node lacks it */
  constructor(options: CompressionOptions) {
    const given = checkOptions(options, ['algorithm', 'threshold', 'level'], 'compression');
    this.algorithm = checkedAlgorithm(given.algorithm);
    this.threshold = byteCount(given.threshold ?? DEFAULT_THRESHOLD_BYTES, 'compression.threshold');
    this.level = wholeNumber(
      given.level ?? DEFAULT_LEVEL,
      `compression.level for ${this.algorithm}`,
      levelsOf(this.algorithm),
    );
  }

  /**
   * The compressed stream, even where it is longer than what was given. Text is compressed as UTF-8.
   * @throws CacheError `VALUE_TOO_LARGE` above 64 MB; `SERIALIZATION_FAILED` for text with lone surrogates
   */
  async compress(data: string | Uint8Array): Promise<Buffer> {
    const bytes = typeof data === 'string' ? utf8Of(data) : data;
    if (bytes.length > MAX_BYTES) throw tooLarge(bytes.length);
    return compressBytes(this.algorithm, this.level, bytes);
  }

  /**
   * The text that {@link compress} was given.
   * @throws CacheError `CORRUPT_ENTRY` where the data is not exactly one stream, holds more than 64 MB, or is not UTF-8
   */
  async decompress(data: Uint8Array): Promise<string> {
    const bytes = await this.decompressBytes(data);
    if (!isUtf8(bytes)) throw corruptEntry('payload', 'they are not UTF-8 text');
    return bytes.toString('utf8');
  }

  /** As {@link decompress}, for what was given as bytes. */
  async decompressBytes(data: Uint8Array): Promise<Buffer> {
    return decompressWithin(this.algorithm, data, MAX_BYTES, FIRST_CHUNK_BYTES);
  }
}

function checkedAlgorithm(algorithm: unknown): CompressionAlgorithm {
  if (typeof algorithm !== 'string' || !ALGORITHMS.includes(algorithm)) {
    throw invalidOption('compression.algorithm', "'gzip', 'deflate', 'brotli' or 'zstd'", algorithm);
  }
  const known = algorithm as CompressionAlgorithm;
  if (isAvailable(known)) return known;
  throw new CacheError(
    `compression.algorithm 'zstd' needs Node 22.15, 23.8 or later; this is ${process.version}. Use 'gzip' or 'brotli'.`,
    CacheErrorCode.INVALID_CONFIGURATION,
    { details: { option: 'compression.algorithm' } },
  );
}

function utf8Of(text: string): Buffer {
  if (isWellFormed(text)) return Buffer.from(text, 'utf8');
  throw new CacheError(
    'The text cannot be compressed: it has half of a surrogate pair, which UTF-8 cannot hold. Compress it as bytes instead.',
    CacheErrorCode.SERIALIZATION_FAILED,
  );
}

function tooLarge(bytes: number): CacheError {
  return new CacheError(
    `Compressor takes at most ${MAX_BYTES} bytes at a time; got ${bytes}. Split the data.`,
    CacheErrorCode.VALUE_TOO_LARGE,
    { details: { bytes, maxBytes: MAX_BYTES } },
  );
}
