import { type BatchLoadContext, CacheManager, type CacheView, ManualClock } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { ManualLoader, type Process, Processes } from './races-processes.ts';
import { settled } from './schedule-steps.ts';

type Invalidation = (cache: CacheView) => Promise<unknown>;

/** Whatever overtakes a load: what it brings is stored nowhere, and nobody who comes later gets it. */
const INVALIDATIONS: Readonly<Record<string, Invalidation>> = {
  delete: (cache) => cache.delete('k'),
  deleteMany: (cache) => cache.deleteMany(['j', 'k']),
  set: (cache) => cache.set('k', 'set'),
  setMany: (cache) => cache.setMany([{ key: 'k', value: 'set' }]),
  'set with ttl 0': (cache) => cache.set('k', 'gone', 0),
  expire: (cache) => cache.expire('k'),
  invalidateTag: (cache) => cache.invalidateTag('t'),
  'invalidateTag of a late tag': (cache) => cache.invalidateTag('late'),
  clear: (cache) => cache.clear(),
  'clear of tags': (cache) => cache.tags(['t']).clear(),
};
const CASES = Object.entries(INVALIDATIONS);

/** A process in a world where both tags are known already, so that nothing but an invalidation refuses a fill. */
async function begin(processes: Processes): Promise<Process> {
  const process = processes.start();
  await process.cache.set('primer', 0, { tags: ['t', 'late'] });
  return process;
}

function load(process: Process, loader: ManualLoader<string>): Promise<string> {
  return process.cache.get<string>(
    'k',
    async (context) => {
      const value = await loader.load();
      context.tags(['late']);
      return value;
    },
    { tags: ['t'] },
  );
}

async function expectOldNowhere(processes: Processes, ...caches: readonly Process[]): Promise<void> {
  for (const { cache } of [...caches, processes.start()]) {
    expect(await cache.get('k')).not.toBe('old');
    expect(cache.peek('k')).not.toBe('old');
    expect(await cache.getMany(['k'])).not.toEqual(['old']);
  }
}

describe.each(CASES)('P1 F1 a load that %s has overtaken, in the same process', (_name, invalidate) => {
  it('is stored in no tier', async () => {
    const processes = new Processes();
    const one = await begin(processes);
    const loader = new ManualLoader<string>();
    const loading = load(one, loader);
    await settled();
    await invalidate(one.cache);
    loader.end('old');
    expect(await loading).toBe('old');
    await expectOldNowhere(processes, one);
  });

  it('F3 is not what a later caller gets, though it still runs', async () => {
    const processes = new Processes();
    const one = await begin(processes);
    const loader = new ManualLoader<string>();
    const loading = load(one, loader);
    await settled();
    await invalidate(one.cache);
    const later = load(one, loader);
    await settled();
    loader.end('old');
    await loading;
    await settled();
    if (loader.running > 0) loader.end('new');
    expect(await later).not.toBe('old');
    await expectOldNowhere(processes, one);
  });

  it('is not stored by a batch either', async () => {
    const processes = new Processes();
    const one = await begin(processes);
    const loader = new ManualLoader<string>();
    const loading = one.cache.getMany<string>(
      ['k'],
      async (_keys, context) => {
        const value = await loader.load();
        context.tags(['late'], 'k');
        return [value];
      },
      { tags: ['t'] },
    );
    await settled();
    await invalidate(one.cache);
    loader.end('old');
    expect(await loading).toEqual(['old']);
    await expectOldNowhere(processes, one);
  });
});

describe.each(CASES)('P1 F2 a load that %s has overtaken, in another process', (_name, invalidate) => {
  it('is stored in no tier', async () => {
    const processes = new Processes();
    const [one, other] = [await begin(processes), processes.start()];
    const loader = new ManualLoader<string>();
    const loading = load(one, loader);
    await settled();
    await invalidate(other.cache);
    loader.end('old');
    expect(await loading).toBe('old');
    await expectOldNowhere(processes, one, other);
  });

  it('is stored in no tier though the message comes after its fill', async () => {
    const processes = new Processes();
    const [one, other] = [await begin(processes), processes.start()];
    const held = processes.holdMessages(one);
    const loader = new ManualLoader<string>();
    const loading = load(one, loader);
    await settled();
    await invalidate(other.cache);
    loader.end('old');
    expect(await loading).toBe('old');
    // The store has refused the fill: not even this process's memory has it.
    expect(one.cache.peek('k')).toBeUndefined();
    held.deliver();
    await expectOldNowhere(processes, one, other);
  });
});

describe.each(CASES)('P1 F2 a batch that %s has overtaken, in another process', (_name, invalidate) => {
  it('is stored in no tier though the message comes after its fill', async () => {
    const processes = new Processes();
    const [one, other] = [await begin(processes), processes.start()];
    const held = processes.holdMessages(one);
    const loader = new ManualLoader<string>();
    const load = async (_keys: readonly string[], context: BatchLoadContext) => {
      const value = await loader.load();
      context.tags(['late'], 'k');
      return [value];
    };
    const loading = one.cache.getMany<string>(['k'], load, { tags: ['t'] });
    await settled();
    await invalidate(other.cache);
    loader.end('old');
    expect(await loading).toEqual(['old']);
    expect(one.cache.peek('k')).toBeUndefined();
    held.deliver();
    await expectOldNowhere(processes, one, other);
  });
});

describe('P1', () => {
  it('a load that nothing has overtaken is stored in both tiers', async () => {
    const processes = new Processes();
    const one = await begin(processes);
    const loader = new ManualLoader<string>();
    const loading = load(one, loader);
    await settled();
    loader.end('good');
    expect(await loading).toBe('good');
    expect(one.cache.peek('k')).toBe('good');
    expect(await processes.start().cache.get('k')).toBe('good');
  });

  it('of two loads of a key, the older does not replace what the newer has brought', async () => {
    const clock = new ManualClock();
    const cache = new CacheManager({ clock, stallTimeout: '1s' });
    const [slow, quick] = [new ManualLoader<string>(), new ManualLoader<string>()];
    const first = cache.get('k', slow.load);
    await clock.advance(1000);
    const second = cache.get('k', quick.load);
    quick.end('new');
    expect(await second).toBe('new');
    slow.end('old');
    expect(await first).toBe('old');
    expect(cache.peek('k')).toBe('new');
  });

  it('of two loads under one lease, the first to end fills', async () => {
    const processes = new Processes();
    const one = processes.start({ stallTimeout: '1s' });
    const [slow, quick] = [new ManualLoader<string>(), new ManualLoader<string>()];
    const first = one.cache.get('k', slow.load);
    await processes.clock.advance(1000);
    const second = one.cache.get('k', quick.load);
    await settled();
    quick.end('new');
    expect(await second).toBe('new');
    slow.end('old');
    expect(await first).toBe('old');
    expect(one.cache.peek('k')).toBe('new');
    expect(await processes.start().cache.get('k')).toBe('new');
    expect(processes.memory.log.filter((operation) => operation === 'fill')).toHaveLength(1);
  });
});
