import { CacheManager, ManualClock, MemoryStore } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { ManualLoader, Processes } from './races-processes.ts';
import { settled } from './schedule-steps.ts';

describe('P7 F27 tags', () => {
  it('a set right after the invalidation is not lost, again and again within one millisecond', async () => {
    const processes = new Processes();
    const [one, other] = [processes.start(), processes.start()];
    for (let round = 0; round < 100; round++) {
      await one.cache.invalidateTag('t');
      await one.cache.set('k', round, { tags: ['t'] });
      expect([await one.cache.get('k'), await other.cache.get('k')]).toEqual([round, round]);
    }
  });

  it('an invalidation right after the set is not lost either', async () => {
    const processes = new Processes();
    const [one, other] = [processes.start(), processes.start()];
    for (let round = 0; round < 100; round++) {
      await one.cache.set('k', round, { tags: ['s', 't'] });
      await (round % 2 === 0 ? one : other).cache.invalidateTags([round % 3 === 0 ? 's' : 't', 'unknown']);
      expect([await one.cache.get('k'), await other.cache.get('k')]).toEqual([null, null]);
    }
  });

  it('a tag that only the loader names, and that has moved meanwhile, refuses the fill', async () => {
    const processes = new Processes();
    const [one, other] = [processes.start(), processes.start()];
    await other.cache.set('primer', 0, { tags: ['late'] });
    const loader = new ManualLoader<string>();
    const loading = one.cache.get('k', async (context) => {
      const value = await loader.load();
      context.tags(['late']);
      return value;
    });
    await settled();
    const held = processes.holdMessages(one);
    await other.cache.invalidateTag('late');
    loader.end('old');
    expect(await loading).toBe('old');
    expect(one.cache.peek('k')).toBeUndefined();
    expect(await other.cache.get('k')).toBeNull();
    held.deliver();
  });

  it('a load whose tag has moved is not put into memory at all, and counted', async () => {
    const cache = new CacheManager({ clock: new ManualClock() });
    const loader = new ManualLoader<string>();
    const loading = cache.get('k', loader.load, { tags: ['t'] });
    await cache.invalidateTag('t');
    loader.end('old');
    await loading;
    expect(cache.stats()).toMatchObject({ entries: 0, refusedFills: 1 });
  });

  it('a tag is shared by all namespaces of a manager', async () => {
    const processes = new Processes();
    const [one, other] = [processes.start(), processes.start()];
    await one.cache.namespace('a').set('k', 1, { tags: ['t'] });
    await other.cache.namespace('b').invalidateTag('t');
    expect(one.cache.namespace('a').peek('k')).toBeUndefined();
    expect(await one.cache.namespace('a').get('k')).toBeNull();
  });

  it('an entry whose tag has moved is absent, never stale', async () => {
    for (const cache of [
      new Processes().start({ grace: '1h' }).cache,
      new CacheManager({ clock: new ManualClock(), grace: '1h' }),
    ]) {
      await cache.set('k', 1, { tags: ['t'] });
      await cache.invalidateTag('t');
      expect(await cache.getEntry('k')).toBeNull();
      await expect(cache.get('k', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
    }
  });

  it('more tags than memory remembers: entries are lost, none comes back', async () => {
    const cache = new CacheManager({ store: new MemoryStore({ clock: new ManualClock(), maxTags: 3 }) });
    const loader = new ManualLoader<string>();
    const loading = cache.get('k', loader.load, { tags: ['t'] });
    await cache.invalidateTag('t');
    for (let tag = 0; tag < 10; tag++) await cache.invalidateTag(`other ${tag}`);
    loader.end('old');
    await loading;
    expect(cache.peek('k')).toBeUndefined();
  });

  it('a tagged cache clears its tags and nothing else', async () => {
    const { cache } = new Processes().start();
    const tagged = cache.tags(['t']);
    await tagged.set('k', 1);
    await cache.set('other', 2);
    await tagged.clear();
    expect([await cache.get('k'), await cache.get('other')]).toEqual([null, 2]);
  });
});

describe('P7 F28 clear', () => {
  it('a namespace is empty at the ack, with those inside it; its neighbours keep what they have', async () => {
    const processes = new Processes();
    const [one, other] = [processes.start(), processes.start()];
    const paths = [
      ['app'],
      ['app', 'in'],
      ['app', 'in', 'deep'],
      ['app2'],
      ['app:'],
      ['app/in'],
      ['ap'],
      ['*'],
      [],
    ];
    const at = (cache: CacheManager, path: readonly string[]) =>
      path.reduce<Pick<CacheManager, 'namespace' | 'get' | 'set' | 'clear' | 'peek'>>(
        (view, name) => view.namespace(name),
        cache,
      );
    for (const path of paths) await at(one.cache, path).set('k', path.join('>'));
    for (const path of paths) expect(await at(other.cache, path).get('k')).toBe(path.join('>'));
    await at(one.cache, ['app']).clear();
    await at(one.cache, ['*']).clear();
    const left = ['app2', 'app:', 'app/in', 'ap', ''];
    for (const { cache } of [one, other, processes.start()]) {
      const found = await Promise.all(paths.map((path) => at(cache, path).get('k')));
      expect(found).toEqual([null, null, null, ...left.slice(0, 4), null, '']);
    }
  });

  it('a load in a namespace is overtaken by the clear of any place around it', async () => {
    for (const path of [[], ['a'], ['a', 'b']]) {
      const processes = new Processes();
      const one = processes.start();
      const inner = one.cache.namespace('a').namespace('b');
      const loader = new ManualLoader<string>();
      const loading = inner.get('k', loader.load);
      await settled();
      await path
        .reduce<Pick<CacheManager, 'namespace' | 'clear'>>((view, name) => view.namespace(name), one.cache)
        .clear();
      const later = inner.get('k', () => 'new');
      await settled();
      loader.end('old');
      expect(await loading).toBe('old');
      expect(await later).toBe('new');
      expect(inner.peek('k')).toBe('new');
    }
  });

  it('a namespace made after the clear of one around it is not cleared by it', async () => {
    const { cache } = new Processes().start();
    await cache.namespace('a').clear();
    const inner = cache.namespace('a').namespace('b');
    await inner.set('k', 1);
    expect([inner.peek('k'), await inner.get('k')]).toEqual([1, 1]);
  });

  it('two prefixes on one store do not meet', async () => {
    const processes = new Processes();
    const store = processes.memory.attach();
    const caches = ['app', 'app2'].map(
      (prefix) => new CacheManager({ store, prefix, clock: processes.clock }),
    );
    for (const cache of caches) await cache.set('k', 1, { tags: ['t'] });
    await caches[0]!.invalidateTag('t');
    expect([caches[0]!.peek('k'), caches[1]!.peek('k')]).toEqual([undefined, 1]);
    await caches[0]!.set('k', 2);
    await caches[1]!.clear();
    expect([await caches[0]!.get('k'), await caches[1]!.get('k')]).toEqual([2, null]);
  });
});

describe('F16 whatever the store loses is a miss, never an old value', () => {
  it.each(['value', 'lease', 'tag stamp', 'namespace stamp', 'root stamp', 'everything'] as const)(
    '%s',
    async (what) => {
      const processes = new Processes();
      const { memory } = processes;
      const one = processes.start({ l1: false });
      const space = one.cache.namespace('n');
      await space.set('k', 'old', { tags: ['t'] });
      await space.set('kept', 'old', { tags: ['t'] });
      const loader = new ManualLoader<string>();
      await space.delete('k');
      const loading = space.get('k', loader.load, { tags: ['t'] });
      await settled();
      if (what === 'value' || what === 'everything') memory.entries.clear();
      if (what === 'lease' || what === 'everything') memory.leases.clear();
      if (what === 'tag stamp' || what === 'everything') memory.stamps.delete('t:t');
      if (what === 'namespace stamp' || what === 'everything') memory.stamps.delete('n:n');
      if (what === 'root stamp' || what === 'everything') memory.stamps.delete('');
      await processes.start().cache.namespace('n').invalidateTag('t');
      loader.end('old');
      expect(await loading).toBe('old');
      expect([await space.get('k'), await space.get('kept')]).toEqual([null, null]);
      expect(await space.get('k', () => 'new', { tags: ['t'] })).toBe('new');
      expect(await processes.start().cache.namespace('n').get('k')).toBe('new');
    },
  );

  it('F13 an emptied store answers misses, and takes new values', async () => {
    const processes = new Processes();
    const { memory } = processes;
    const one = processes.start();
    const loader = new ManualLoader<string>();
    const loading = one.cache.get('k', loader.load);
    await settled();
    memory.entries.clear();
    memory.leases.clear();
    memory.stamps.clear();
    one.subscriber.gap('restarted');
    loader.end('old');
    await loading;
    expect(await one.cache.get('k')).toBeNull();
    expect(await one.cache.get('k', () => 'new')).toBe('new');
    expect(await processes.start().cache.get('k')).toBe('new');
  });
});
