import * as zlib from 'node:zlib';
import type { CompressionAlgorithm } from '../contracts/compressor.ts';
import { corruptEntry } from './corrupt-entry.ts';
import { isOneZstdFrame } from './zstd-frame.ts';

/** What Node's zlib gives with `info: true`; `bytesWritten` counts the input that was used up. */
interface Info {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}
type Options = Readonly<Record<string, unknown>>;
type Callback<T> = (error: Error | null, result: T) => void;
type CompressSync = (data: Uint8Array, options: Options) => Buffer;
type Compress = (data: Uint8Array, options: Options, callback: Callback<Buffer>) => void;
type DecompressSync = (data: Uint8Array, options: Options) => Info;
type Decompress = (data: Uint8Array, options: Options, callback: Callback<Info>) => void;

/** One algorithm of node:zlib. */
interface Algorithm {
  readonly minLevel: number;
  readonly maxLevel: number;
  readonly levelOptions: (level: number) => Options;
  readonly readOptions: Options;
  readonly compressSync: CompressSync;
  readonly compress: Compress;
  readonly decompressSync: DecompressSync;
  readonly decompress: Decompress;
}

/** Up to this many bytes the work takes less time than handing it to another thread. */
const SYNC_COMPRESS_BYTES = 20 * 1024;
/** The same for the way back, counted after decompression, which is two to five times as fast. */
const SYNC_DECOMPRESS_BYTES = 64 * 1024;
/** 2^23 bytes: the largest window of the levels that can be chosen. A stream that asks for more memory is refused. */
const ZSTD_WINDOW_LOG = 23;

/** node:zlib's functions, whose overloads TypeScript cannot choose from by name; those of zstd may be absent. */
const functions = zlib as unknown as Readonly<Record<string, unknown>>;

/** Whether this Node can do it. */
export function isAvailable(algorithm: CompressionAlgorithm): boolean {
  return algorithm !== 'zstd' || functions.zstdCompressSync !== undefined;
}

/** The levels that an algorithm takes. */
export function levelsOf(algorithm: CompressionAlgorithm): { readonly min: number; readonly max: number } {
  const { minLevel, maxLevel } = algorithmFor(algorithm);
  return { min: minLevel, max: maxLevel };
}

/** Compresses; at once where there is little to do, otherwise, from a copy, in another thread. Fails only for want of memory. */
export function compressBytes(
  algorithm: CompressionAlgorithm,
  level: number,
  data: Uint8Array,
): Buffer | Promise<Buffer> {
  const { compress, compressSync, levelOptions } = algorithmFor(algorithm);
  if (data.length <= SYNC_COMPRESS_BYTES) return compressSync(data, levelOptions(level));
  // The caller may change the data meanwhile, and a stream of two halves could not be read back.
  const copy = Buffer.from(data);
  return new Promise((resolve, reject) => {
    compress(copy, levelOptions(level), (error, result) =>
      error === null ? resolve(result) : reject(error),
    );
  });
}

/**
 * Decompresses exactly `rawBytes` bytes, using up all of `data`; at once where that is little, otherwise in another
 * thread. Never more memory than `rawBytes`, whatever the stream says: the caller has compared that with its limits.
 *
 * @throws CacheError `CORRUPT_ENTRY`, also as a rejection
 */
export function decompressExactly(
  algorithm: CompressionAlgorithm,
  data: Uint8Array,
  rawBytes: number,
): Buffer | Promise<Buffer> {
  if (rawBytes > SYNC_DECOMPRESS_BYTES) {
    return decompressWithin(algorithm, data, rawBytes, rawBytes).then((raw) => checkLength(raw, rawBytes));
  }
  checkFrame(algorithm, data);
  const { decompressSync, readOptions } = algorithmFor(algorithm);
  let result: Info;
  try {
    result = decompressSync(data, { ...readOptions, ...limits(rawBytes, rawBytes) });
  } catch (error) {
    throw streamFault(error);
  }
  return checkLength(checkUsedUp(result, data), rawBytes);
}

/**
 * Decompresses in another thread, using up all of `data`.
 * @param maxBytes a stream that holds more is refused, when it has brought that much
 * @param chunkBytes how much memory to begin with
 * @throws CacheError `CORRUPT_ENTRY`
 */
export async function decompressWithin(
  algorithm: CompressionAlgorithm,
  data: Uint8Array,
  maxBytes: number,
  chunkBytes: number,
): Promise<Buffer> {
  checkFrame(algorithm, data);
  const { decompress, readOptions } = algorithmFor(algorithm);
  return new Promise((resolve, reject) => {
    decompress(data, { ...readOptions, ...limits(maxBytes, chunkBytes) }, (error, result) => {
      if (error !== null) return reject(streamFault(error));
      try {
        resolve(checkUsedUp(result, data));
      } catch (fault) {
        reject(fault);
      }
    });
  });
}

function limits(maxBytes: number, chunkBytes: number): Options {
  return { info: true, maxOutputLength: Math.max(1, maxBytes), chunkSize: Math.max(64, chunkBytes) };
}

function checkFrame(algorithm: CompressionAlgorithm, data: Uint8Array): void {
  if (algorithm !== 'zstd' || isOneZstdFrame(data)) return;
  throw corruptEntry('stream', 'they are not one zstd stream');
}

function checkUsedUp(result: Info, data: Uint8Array): Buffer {
  if (result.engine.bytesWritten === data.length) return result.buffer;
  throw corruptEntry('stream', 'bytes follow the compressed stream');
}

function checkLength(raw: Buffer, rawBytes: number): Buffer {
  if (raw.length === rawBytes) return raw;
  throw corruptEntry('stream', 'the compressed stream holds less than it should');
}

function streamFault(error: unknown): Error {
  const tooLarge = (error as { readonly code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE';
  if (tooLarge) return corruptEntry('bomb', 'the compressed stream holds more than it may');
  return corruptEntry('stream', 'the compressed stream is damaged');
}

function algorithmFor(algorithm: CompressionAlgorithm): Algorithm {
  switch (algorithm) {
    case 'gzip':
      return zlibAlgorithm('gzip', 'gunzip');
    case 'deflate':
      return zlibAlgorithm('deflate', 'inflate');
    case 'brotli':
      return brotli();
    case 'zstd':
      return zstd();
  }
}

function zlibAlgorithm(compress: 'gzip' | 'deflate', decompress: 'gunzip' | 'inflate'): Algorithm {
  return {
    minLevel: 1,
    maxLevel: 9,
    levelOptions: (level) => ({ level }),
    readOptions: {},
    ...functionsOf(compress, decompress),
  };
}

function brotli(): Algorithm {
  return {
    minLevel: 0,
    maxLevel: 11,
    levelOptions: (level) => ({ params: { [zlib.constants.BROTLI_PARAM_QUALITY]: level } }),
    readOptions: {},
    ...functionsOf('brotliCompress', 'brotliDecompress'),
  };
}

function zstd(): Algorithm {
  const constants = zlib.constants as unknown as Readonly<Record<string, number>>;
  const { ZSTD_c_compressionLevel = 100, ZSTD_d_windowLogMax = 100 } = constants;
  return {
    minLevel: 1,
    maxLevel: 19,
    levelOptions: (level) => ({ params: { [ZSTD_c_compressionLevel]: level } }),
    readOptions: { params: { [ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG } },
    ...functionsOf('zstdCompress', 'zstdDecompress'),
  };
}

function functionsOf(compress: string, decompress: string) {
  return {
    compress: functions[compress] as Compress,
    compressSync: functions[`${compress}Sync`] as CompressSync,
    decompress: functions[decompress] as Decompress,
    decompressSync: functions[`${decompress}Sync`] as DecompressSync,
  };
}
