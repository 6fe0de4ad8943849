/** How stored values can be compressed. `deflate` is the zlib format; `zstd` needs Node 22.15, 23.8 or later. */
export type CompressionAlgorithm = 'gzip' | 'deflate' | 'brotli' | 'zstd';

/** Whether and how values are compressed on their way to a store outside the process. */
export interface CompressionOptions {
  readonly algorithm: CompressionAlgorithm;
  /**
   * Values that take fewer bytes than this, once serialized, are stored as they are: a number of bytes, or a string
   * such as `'4kb'`. 0 = try every value, `Infinity` = only those that ask for it. Default 2,048, below which
   * compression costs more than it saves.
   */
  readonly threshold?: number | string | undefined;
  /**
   * How hard to try, from 1: to 9 for gzip and deflate, to 11 for brotli (which takes 0 too), to 19 for zstd. Default 1
   * for each: higher levels cost several times the time for a few percent.
   */
  readonly level?: number | undefined;
}
