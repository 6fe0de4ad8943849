import assert from 'node:assert/strict';
import type { CacheManager, CacheView } from '@larder/cache-core';
import { Held } from './held.ts';
import type { Trial } from './trial.ts';

/** Whatever overtakes a load of `k`: what the load brings is stored nowhere, and nobody who comes later gets it. */
export const INVALIDATIONS: Readonly<Record<string, (cache: CacheView) => Promise<unknown>>> = {
  delete: (cache) => cache.delete('k'),
  deleteMany: (cache) => cache.deleteMany(['j', 'k']),
  set: (cache) => cache.set('k', 'set'),
  setMany: (cache) => cache.setMany([{ key: 'k', value: 'set' }]),
  'set with ttl 0': (cache) => cache.set('k', 'gone', 0),
  expire: (cache) => cache.expire('k'),
  invalidateTag: (cache) => cache.invalidateTag('t'),
  'invalidateTag of a late tag': (cache) => cache.invalidateTag('late'),
  clear: (cache) => cache.clear(),
};

/** A load of `k` under way in the cache, with a tag known at the call and one that the loader names at its end. */
export class HeldLoad {
  readonly #source = new Held<string>();
  readonly #began = new Held();
  readonly #answer: Promise<string>;
  calls = 0;

  private constructor(cache: CacheView) {
    const load = cache.get<string>(
      'k',
      async (context) => {
        this.calls += 1;
        this.#began.resolve();
        const value = await this.#source.promise;
        context.tags(['late']);
        return value;
      },
      { tags: ['t'] },
    );
    this.#answer = load;
    load.catch(() => undefined);
  }

  /** Answers when the loader has begun. */
  static async begin(trial: Trial, cache: CacheView): Promise<HeldLoad> {
    const load = new HeldLoad(cache);
    await trial.done(load.#began.promise);
    return load;
  }

  /** The loader ends; answers what its caller gets. */
  end(trial: Trial, value: string): Promise<string> {
    this.#source.resolve(value);
    return trial.done(this.#answer);
  }

  fail(trial: Trial, error: Error): Promise<string> {
    this.#source.reject(error);
    return trial.done(this.#answer);
  }
}

/** Both tags are known, so that nothing but an invalidation can refuse a fill. */
export async function knowTags(cache: CacheManager): Promise<void> {
  await cache.set('primer', 0, { tags: ['t', 'late'] });
}

export async function expectOldNowhere(what: string, ...caches: readonly CacheView[]): Promise<void> {
  for (const cache of caches) {
    const seen = [await cache.get('k'), cache.peek('k'), ...(await cache.getMany(['k']))];
    assert.ok(!seen.includes('old'), `${what}: the old value came back.`);
  }
}
