import { CacheErrorCode, CacheManager } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { type CacheKind, plainKind, sharedOnly, twoTiers } from './cache-kinds.ts';
import { never, watch } from './held.ts';
import { forbidUnhandledRejections } from './unhandled-rejections.ts';

forbidUnhandledRejections();

const kinds = [twoTiers, sharedOnly, plainKind];
const refuse = () => Promise.reject(new Error('connection refused'));
const throwing = () => {
  throw new Error('not connected');
};

function open(kind: CacheKind, options = {}) {
  const opened = kind.open(options);
  const double = opened.store ?? opened.plain!;
  return {
    ...opened,
    double,
    fail: (how: () => Promise<void>) => {
      double.before = how;
    },
    heal: () => {
      double.before = () => undefined;
    },
  };
}

describe.each(kinds)('F9 a store that hangs, over $name', (kind) => {
  it('costs one read its deadline, and the next ones nothing but the loader', async () => {
    const { cache, clock, fail } = open(kind);
    fail(() => never());
    const began = clock.now();
    let loadedAt = 0;
    const first = watch(
      cache.get('a', () => {
        loadedAt = clock.now();
        return 1;
      }),
    );
    await clock.advance(249);
    expect(first.state).toBe('pending');
    await clock.advance(1);
    expect(first).toMatchObject({ state: 'resolved', value: 1 });
    expect(loadedAt - began).toBe(250);
    for (let at = 0; at < 20; at++) expect(await cache.get(`k${at}`, () => at)).toBe(at);
    expect(await cache.getMany(['x', 'y'], () => [1, 2])).toEqual([1, 2]);
    expect(await cache.get('nothing')).toBeNull();
    expect(clock.now() - began).toBe(250);
    expect(cache.stats().storeTimeouts).toBe(1);
  });

  it('costs getMany one deadline, too', async () => {
    const { cache, clock, fail } = open(kind);
    fail(() => never());
    const seen = watch(cache.getMany(['a', 'b'], () => [1, 2]));
    await clock.advance(250);
    expect(seen).toMatchObject({ state: 'resolved', value: [1, 2] });
  });

  it('a hit in memory does not wait for it', async () => {
    const { cache, fail } = open(kind);
    await cache.set('a', 1);
    fail(() => never());
    if (kind.l1) {
      expect(await cache.get('a', () => 2)).toBe(1);
      expect(cache.peek('a')).toBe(1);
    }
  });

  it('all round trips of one read together cost one deadline', async () => {
    const { cache, clock, double } = open(kind);
    let calls = 0;
    double.before = () => {
      calls += 1;
      return calls === 1 ? new Promise<void>((resolve) => clock.schedule(resolve, 200)) : never();
    };
    const seen = watch(cache.get('a', () => 1));
    // 200 ms of 250 are spent by the read; what a fill may cost besides is an own deadline.
    await clock.advance(kind === plainKind ? 450 : 250 + 250);
    expect(seen).toMatchObject({ state: 'resolved', value: 1 });
  });
});

describe.each(kinds)('F10 a store that hangs in a write, over $name', (kind) => {
  it('rejects at the deadline of writes, and says that it may have happened', async () => {
    for (const call of [
      (cache: CacheManager) => cache.set('a', 1),
      (cache: CacheManager) => cache.delete('a'),
      (cache: CacheManager) => cache.clear(),
    ]) {
      const { cache, clock, fail } = open(kind);
      fail(() => never());
      const seen = watch(call(cache));
      await clock.advance(999);
      expect(seen.state).toBe('pending');
      await clock.advance(1);
      expect(seen).toMatchObject({
        state: 'rejected',
        error: { code: CacheErrorCode.OPERATION_TIMEOUT, retryable: true, details: { applied: 'unknown' } },
      });
    }
  });

  it('what this process has in memory is gone all the same', async () => {
    const { cache, clock, fail } = open(kind);
    await cache.set('a', 'old', { tags: ['t'] });
    fail(() => never());
    const seen = watch(cache.delete('a'));
    await clock.advance(0);
    expect(cache.peek('a')).toBeUndefined();
    await clock.advance(1000);
    expect(seen.state).toBe('rejected');
    expect(await cache.get('a', () => 'new')).toBe('new');
  });

  it('behind an open breaker it rejects at once, and says that nothing was sent', async () => {
    const { cache, clock, fail } = open(kind);
    fail(() => never());
    const seen = watch(cache.get('a', () => 1));
    await clock.advance(250);
    expect(seen.state).toBe('resolved');
    for (const call of [cache.set('a', 1), cache.delete('a'), cache.clear()]) {
      await expect(call).rejects.toMatchObject({
        code: CacheErrorCode.STORE_UNAVAILABLE,
        details: { applied: 'no' },
      });
    }
    await expect(cache.setMany([{ key: 'a', value: 1 }])).rejects.toMatchObject({ details: { failed: [0] } });
  });

  it('a write that is never answered does not hold the key for ever', async () => {
    const { cache, clock, double } = open(kind);
    let calls = 0;
    double.before = () => (++calls === 1 ? never() : undefined);
    const lost = watch(cache.set('a', 1));
    await clock.advance(1000);
    expect(lost.state).toBe('rejected');
    await clock.advance(2000);
    const probe = watch(cache.get('other', () => 1));
    await clock.advance(250);
    expect(probe.state).toBe('resolved');
    const again = watch(cache.set('a', 2));
    const cleared = watch(cache.clear());
    await clock.advance(3000);
    expect([again.state, cleared.state]).toEqual(['resolved', 'resolved']);
  });
});

describe.each(kinds)('F11 a store that refuses, over $name', (kind) => {
  it.each([
    ['rejects', refuse],
    ['throws', throwing],
  ])('%s: reads answer by the loader, writes reject with the cause', async (_name, how) => {
    const { cache, fail } = open(kind);
    fail(how);
    const errors: string[] = [];
    cache.on('error', ({ operation }) => errors.push(operation));
    expect(await cache.get('a', () => 1)).toBe(1);
    expect(errors).toContain('read');
    await expect(cache.set('a', 1)).rejects.toMatchObject({
      code: CacheErrorCode.STORE_FAILED,
      retryable: true,
      details: { applied: 'unknown' },
      cause: expect.any(Error),
    });
    await expect(cache.delete('a')).rejects.toMatchObject({ code: CacheErrorCode.STORE_FAILED });
  });

  it('five errors in a row open the breaker, after which it is left alone', async () => {
    const { cache, double } = open(kind);
    let asked = 0;
    double.before = () => {
      asked += 1;
      return refuse();
    };
    for (let at = 0; at < 100; at++) expect(await cache.get(`k${at}`, () => at)).toBe(at);
    expect(asked).toBe(5);
    expect((await cache.healthCheck()).status).toBe('degraded');
  });

  it('a stale value is served where the source is down, too', async () => {
    if (!kind.l1) return;
    const { cache, clock, fail } = open(kind, { ttl: 1, grace: 60, maxStaleness: 60 });
    await cache.set('a', 'old');
    await clock.advance(2000);
    fail(refuse);
    const down = () => Promise.reject(new Error('source down'));
    expect(await cache.get('a', down)).toBe('old');
    expect(await cache.getEntry('a', down)).toMatchObject({ value: 'old', stale: true });
    await cache.flush();
  });
});

describe.each(kinds)('F12 a store that comes back, over $name', (kind) => {
  it('is in full service within two seconds, without anybody doing anything', async () => {
    const { cache, clock, fail, heal } = open(kind);
    fail(() => never());
    const first = watch(cache.get('a', () => 1));
    await clock.advance(250);
    expect(first.state).toBe('resolved');
    for (let second = 0; second < 15; second++) {
      const read = watch(cache.get(`k${second}`, () => 1));
      await clock.advance(1000);
      expect(read.state).toBe('resolved');
    }
    heal();
    const healed = clock.now();
    let served = false;
    while (clock.now() - healed <= 2000 && !served) {
      await cache.get(`probe ${clock.now()}`, () => 1);
      await clock.advance(50);
      served = (await cache.healthCheck()).breaker?.state === 'closed';
    }
    expect(served).toBe(true);
    expect(clock.now() - healed).toBeLessThanOrEqual(2000);
    await cache.set('b', 2);
    expect(await cache.get('b')).toBe(2);
  });

  it('creating a cache on a store that is down succeeds', async () => {
    const { cache: first, double, clock } = open(kind);
    await first.close();
    double.before = refuse;
    double.connect = refuse;
    const cache = new CacheManager({ store: double, clock });
    expect(await cache.get('a', () => 1)).toBe(1);
    await cache.close();
  });

  it('one probe at a time while it is half open', async () => {
    const { cache, clock, double, fail } = open(kind);
    fail(refuse);
    for (let at = 0; at < 5; at++) await cache.get(`k${at}`, () => at);
    await clock.advance(600);
    let asked = 0;
    double.before = () => {
      asked += 1;
      return never();
    };
    const reads = Array.from({ length: 20 }, (_, at) => watch(cache.get(`p${at}`, () => at)));
    await clock.advance(0);
    expect(asked).toBe(1);
    expect(reads.filter(({ state }) => state === 'resolved')).toHaveLength(19);
    await clock.advance(250);
    expect(reads.every(({ state }) => state === 'resolved')).toBe(true);
  });
});
