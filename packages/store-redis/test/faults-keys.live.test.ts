import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeldLoader } from './live-loader.ts';
import { BARE, heardAll, type LiveProcess, liveWorld } from './live-world.ts';

const world = liveWorld();

/** What can be lost at any time: Redis evicts what it likes. */
const OWN = ['value', 'lease', 'tag', 'namespace', 'clear', 'seq'] as const;
type Own = (typeof OWN)[number];

function nameOf(own: Own): string {
  const { layout } = world;
  switch (own) {
    case 'value':
      return layout.value(KEY);
    case 'lease':
      return layout.lease(KEY);
    case 'tag':
      return layout.stamp('t:t');
    case 'namespace':
      return layout.stamp('n:n');
    case 'clear':
      return layout.clear;
    case 'seq':
      return layout.seq;
  }
}

const KEY = '@n:k';
const cacheOf = ({ cache }: LiveProcess) => cache.namespace('n');
const OPTIONS = { tags: ['t'], grace: '1m' } as const;

type Step =
  | {
      readonly kind:
        | 'read'
        | 'begin'
        | 'end'
        | 'refresh'
        | 'set'
        | 'delete'
        | 'expire'
        | 'tag'
        | 'clear'
        | 'clear all';
      readonly by: number;
    }
  | { readonly kind: 'lose'; readonly own: Own; readonly how: 'DEL' | 'garbage' | 'list' };

const by = fc.nat({ max: 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('begin' as const), by }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('end' as const), by }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('read' as const), by }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('refresh', 'set', 'delete', 'expire', 'tag', 'clear', 'clear all'),
      by,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('lose' as const),
      own: fc.constantFrom(...OWN),
      how: fc.constantFrom('DEL', 'DEL', 'garbage', 'list'),
    }),
  },
);

/** A load that reads its source when it begins and answers when it is told to. */
class Load {
  readonly version: number;
  readonly held = new HeldLoader<number>();
  readonly done: Promise<unknown>;

  constructor(process: LiveProcess, source: { readonly version: number }) {
    this.version = source.version;
    this.done = cacheOf(process).get('k', this.held.load, { ...OPTIONS, refresh: true, leaseWait: '1ms' });
  }

  async end(): Promise<void> {
    this.held.answer(this.version);
    await this.done;
  }
}

/** Runs the steps one after another; loads stay under way in between. Fails where a read falls behind an invalidation. */
async function run(processes: readonly LiveProcess[], steps: readonly Step[]): Promise<void> {
  const source = { version: 1 };
  const loads: (Load | null)[] = [null, null];
  const changes = {
    set: (one: LiveProcess) => cacheOf(one).set('k', source.version, { ...OPTIONS, ttl: '1m' }),
    delete: (one: LiveProcess) => cacheOf(one).delete('k'),
    expire: (one: LiveProcess) => cacheOf(one).delete('k'),
    tag: (one: LiveProcess) => one.cache.invalidateTag('t'),
    clear: (one: LiveProcess) => cacheOf(one).clear(),
    'clear all': (one: LiveProcess) => one.cache.clear(),
  };
  const read = async (one: LiveProcess): Promise<void> => {
    const value = await cacheOf(one).get<number>('k');
    if (value !== null) expect(value).toBe(source.version);
  };
  try {
    for (const step of steps) {
      if (step.kind === 'lose') await lose(step.own, step.how);
      else {
        const one = processes[step.by]!;
        if (step.kind === 'read') await read(one);
        else if (step.kind === 'begin') {
          if (loads[step.by] !== null) continue;
          const load = new Load(one, source);
          loads[step.by] = load;
          await load.held.begun();
        } else if (step.kind === 'end') {
          await loads[step.by]?.end();
          loads[step.by] = null;
        } else if (step.kind === 'refresh') {
          // It would wait for the load under way.
          if (loads[step.by] === null)
            await cacheOf(one)
              .get('k', () => source.version, { ...OPTIONS, refresh: true, leaseWait: '1ms' })
              .catch(() => 0);
        } else {
          source.version += 1;
          await changes[step.kind](one);
        }
      }
      for (const one of processes) await read(one);
    }
  } finally {
    for (const load of loads) await load?.end();
  }
  for (const one of processes) await read(one);
}

async function lose(own: Own, how: 'DEL' | 'garbage' | 'list'): Promise<void> {
  const { server } = world;
  const name = nameOf(own);
  await server.command('DEL', name);
  if (how === 'garbage') await server.command('SET', name, 'garbage');
  if (how === 'list') await server.command('RPUSH', name, 'a', 'b');
}

describe('F16 any own key is lost at any time', () => {
  it('never a stale read, whatever is lost, and when (the store alone)', async () => {
    const processes = [world.open({ direct: true, cache: BARE }), world.open({ direct: true, cache: BARE })];
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 25 }), async (steps) => {
        await world.server.command('FLUSHALL');
        await run(processes, steps);
      }),
      { numRuns: 80 },
    );
  }, 60_000);

  it.each(OWN)('%s lost: what is written before and after is read as it should be', async (own) => {
    const [one, other] = [world.open({ cache: BARE }), world.open({ cache: BARE })];
    for (const how of ['DEL', 'garbage', 'list'] as const) {
      await cacheOf(one).set('k', 1, OPTIONS);
      await lose(own, how);
      expect([1, null]).toContain(await cacheOf(other).get('k'));
      // It heals with the next load.
      expect(await cacheOf(other).get('k', () => 2, { ...OPTIONS, refresh: true, leaseWait: '1ms' })).toBe(2);
      expect(await cacheOf(other).get('k', () => 3, { ...OPTIONS, leaseWait: '1ms' })).toBeGreaterThanOrEqual(
        2,
      );
      await cacheOf(one).set('k', 4, OPTIONS);
      expect(await cacheOf(other).get('k')).toBe(4);
      await one.cache.invalidateTag('t');
      expect(await cacheOf(other).get('k')).toBeNull();
    }
  });

  it('a stamp that is lost while a load runs refuses its fill, if it was moved or not', async () => {
    const [one, other] = [world.open({ cache: BARE }), world.open({ cache: BARE })];
    for (const own of ['tag', 'namespace', 'clear', 'seq', 'lease'] as const) {
      const held = new HeldLoader<number>();
      const load = cacheOf(one).get('k', held.load, OPTIONS);
      await held.begun();
      if (own === 'tag') await other.cache.invalidateTag('t');
      if (own === 'namespace') await cacheOf(other).clear();
      if (own === 'clear' || own === 'seq') await other.cache.clear();
      if (own === 'lease') await cacheOf(other).delete('k');
      await lose(own, 'DEL');
      held.answer(1);
      expect(await load).toBe(1);
      expect(await cacheOf(other).get('k', undefined, OPTIONS)).toBeNull();
      expect(await cacheOf(other).get('k', () => 2, OPTIONS)).toBe(2);
      await cacheOf(other).delete('k');
    }
  });

  it('a tag that the loader names late, and that was moved and lost meanwhile, refuses the fill', async () => {
    const [one, other] = [world.open({ cache: BARE }), world.open({ cache: BARE })];
    for (const moved of [true, false]) {
      await other.cache.invalidateTag('late');
      const held = new HeldLoader<number>();
      const load = cacheOf(one).get('k', (context) => {
        context.tags(['late']);
        return held.load();
      });
      await held.begun();
      if (moved) await other.cache.invalidateTag('late');
      await world.server.command('DEL', world.layout.stamp('t:late'));
      held.answer(1);
      expect(await load).toBe(1);
      // Where nothing was invalidated since the load began, there is nothing that could have been missed.
      expect(moved ? [null] : [1, null]).toContain(await cacheOf(other).get('k'));
      await cacheOf(other).delete('k');
    }
  });

  it('memory hears of it: nothing is served that the store would not vouch for', async () => {
    const [one, other] = (await world.many(2)) as [LiveProcess, LiveProcess];
    await cacheOf(one).set('k', 1, OPTIONS);
    for (const own of ['clear', 'seq'] as const) {
      await lose(own, 'DEL');
      await cacheOf(other).set('k', own, OPTIONS);
      await heardAll(other, one);
      expect(await cacheOf(one).get('k')).toBe(own);
    }
  });

  it('a stamp outlives what carries it', async () => {
    const one = world.open({ cache: BARE });
    const { server, layout } = world;
    const lifeOf = async (own: Own): Promise<number> => Number(await server.command('PTTL', nameOf(own)));
    await cacheOf(one).set('k', 1, { ...OPTIONS, ttl: '3d' });
    expect(await lifeOf('tag')).toBeGreaterThan(2 * 3 * 86_400_000);
    expect(await lifeOf('namespace')).toBeGreaterThan(2 * 3 * 86_400_000);
    await cacheOf(one).get('loaded', () => 1, { tags: ['u'], ttl: '5d' });
    expect(Number(await server.command('PTTL', layout.stamp('t:u')))).toBeGreaterThan(
      2 * 5 * 86_400_000 - 1000,
    );
    await cacheOf(one).set('k', 1, { ...OPTIONS, ttl: Infinity });
    expect(await lifeOf('tag')).toBe(-1);
    // Moving it does not shorten its life.
    await one.cache.invalidateTag('t');
    expect(await lifeOf('tag')).toBe(-1);
    await one.cache.invalidateTag('u');
    expect(Number(await server.command('PTTL', layout.stamp('t:u')))).toBeGreaterThan(
      2 * 5 * 86_400_000 - 60_000,
    );
    // One that nothing carries goes by itself.
    await one.cache.invalidateTag('unused');
    expect(Number(await server.command('PTTL', layout.stamp('t:unused')))).toBeGreaterThan(0);
    await one.cache.increment('c', 1, { tags: ['counted'], ttl: '4d' });
    expect(Number(await server.command('PTTL', layout.stamp('t:counted')))).toBeGreaterThan(
      2 * 4 * 86_400_000 - 1000,
    );
  });

  it('a life that is lengthened lengthens that of its stamps', async () => {
    const one = world.open({ cache: BARE });
    for (const lengthen of ['expire', 'touch'] as const) {
      await cacheOf(one).set('k', 1, { ...OPTIONS, ttl: lengthen === 'expire' ? '1m' : '30d' });
      // As if it had been written long ago.
      for (const own of ['tag', 'namespace'] as const)
        await world.server.command('PEXPIRE', nameOf(own), 86_400_000);
      const changed = lengthen === 'expire' ? cacheOf(one).expire('k', '30d') : cacheOf(one).touch('k');
      expect(await changed).toBe(true);
      for (const own of ['tag', 'namespace'] as const) {
        const left = Number(await world.server.command('PTTL', nameOf(own)));
        expect(left === -1 || left >= 30 * 86_400_000).toBe(true);
      }
    }
  });
});
