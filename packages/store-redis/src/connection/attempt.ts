import type { CacheError } from '@larder/cache-core';

/** An attempt that callers may wait for. */
export class Attempt {
  readonly promise: Promise<void>;
  resolve: () => void = () => undefined;
  reject: (error: CacheError) => void = () => undefined;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // Nobody may be waiting.
    this.promise.catch(() => undefined);
  }
}
