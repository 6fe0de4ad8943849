import { randomBytes } from 'node:crypto';
import type { Lease, SharedEntry, SharedStore } from '@larder/cache-core/store';
import { describe, expect, it } from 'vitest';
import { HeldLoader } from './live-loader.ts';
import { BARE, type LiveProcess, liveWorld, until } from './live-world.ts';

const world = liveWorld();

const STAMPS = { stamps: [''] } as const;
const LEASE = { stamps: [''], leaseMs: 2000 } as const;
const sharedOf = ({ store }: LiveProcess): SharedStore => store.capabilities.shared!;
const draft = (value: unknown) => ({ value, ttlMs: 60_000, graceMs: 0, loadMs: 0, stamps: [''], tags: [] });

async function seenBy(process: LiveProcess, key = ':k'): Promise<SharedEntry> {
  const { entries } = await sharedOf(process).read([key], STAMPS);
  return entries[0] as SharedEntry;
}

async function leaseOf(process: LiveProcess, request: Parameters<SharedStore['lease']>[0][number]) {
  const { answers } = await sharedOf(process).lease([request], LEASE);
  return answers[0]!;
}

const two = (): [LiveProcess, LiveProcess] => [world.open({ cache: BARE }), world.open({ cache: BARE })];

describe('P1 a lease is on what was seen (S1)', () => {
  it('who saw nothing, or something older, gets the newer entry instead', async () => {
    const [one, other] = two();
    await other.cache.set('k', 'first');
    expect(await leaseOf(one, { key: ':k' })).toMatchObject({ value: 'first' });
    const { seen } = await seenBy(one);
    await other.cache.set('k', 'second');
    expect(await leaseOf(one, { key: ':k', seen })).toMatchObject({ value: 'second' });
    const now = await seenBy(one);
    expect(await leaseOf(one, { key: ':k', seen: now.seen })).toHaveProperty('lease');
  });

  it('what only looks the same is another entry: a counter that has counted, a life that was changed', async () => {
    const [one, other] = two();
    await other.cache.increment('k', 1);
    const before = await seenBy(one);
    await other.cache.increment('k', 1);
    expect(await leaseOf(one, { key: ':k', seen: before.seen })).toMatchObject({ value: 2 });
    await other.cache.expire('k', '5m');
    const changed = await leaseOf(one, { key: ':k', seen: before.seen });
    expect(changed).toMatchObject({ value: 2 });
  });

  it('bytes that nobody can read are replaced only while they are those that were seen', async () => {
    const [one] = two();
    const name = world.layout.value(':k');
    await one.cache.set('x', 1);
    await world.server.command('SET', name, 'garbage one');
    const { entries } = await sharedOf(one).read([':k'], STAMPS);
    const { seen } = entries[0]!;
    await world.server.command('SET', name, 'garbage two');
    expect(await leaseOf(one, { key: ':k', seen })).toHaveProperty('unreadable');
    await world.server.command('SET', name, 'garbage one');
    expect(await leaseOf(one, { key: ':k', seen })).toHaveProperty('lease');
  });

  it('an entry larger than what is read here is not sent along', async () => {
    const one = world.open({ cache: BARE, store: { maxValueBytes: '10kb' } });
    const other = world.open({ direct: true, cache: BARE });
    await one.cache.set('x', 1);
    await other.cache.set('k', randomBytes(200_000));
    const received = (): number =>
      world.proxy.connections.reduce((sum, { bytesToClient }) => sum + bytesToClient, 0);
    const before = received();
    expect(await leaseOf(one, { key: ':k' })).toHaveProperty('unreadable');
    expect(received() - before).toBeLessThan(10_000);
  });

  it('one lease at a time, unless a stamp has moved since it was given', async () => {
    const [one, other] = two();
    const lease = (await leaseOf(one, { key: ':k' })) as Lease;
    expect(await leaseOf(other, { key: ':k' })).toMatchObject({ held: true });
    await other.cache.clear();
    const newer = (await leaseOf(other, { key: ':k' })) as Lease;
    expect(newer).toHaveProperty('lease');
    expect(await sharedOf(one).fill([{ lease, entry: draft('old') }])).toMatchObject([{ stored: false }]);
    expect(await sharedOf(other).fill([{ lease: newer, entry: draft('new') }])).toMatchObject([
      { stored: true },
    ]);
    expect(await one.cache.get('k')).toBe('new');
  });

  it('a lease is spent by its fill, and taken back by nobody but its holder', async () => {
    const [one, other] = two();
    const lease = (await leaseOf(one, { key: ':k' })) as Lease;
    await sharedOf(other).release([{ ...lease, lease: lease.lease.replace(/^./, 'x') }]);
    expect(await sharedOf(other).renew([{ ...lease, lease: lease.lease.replace(/^./, 'x') }], 9000)).toEqual([
      false,
    ]);
    expect(await leaseOf(other, { key: ':k' })).toMatchObject({ held: true });
    expect(await sharedOf(one).renew([lease], 5000)).toEqual([true]);
    expect(Number(await world.server.command('PTTL', world.layout.lease(':k')))).toBeGreaterThan(2500);
    expect(await sharedOf(one).fill([{ lease, entry: draft(1) }])).toMatchObject([{ stored: true }]);
    expect(await sharedOf(one).fill([{ lease, entry: draft(2) }])).toMatchObject([{ stored: false }]);
    expect(await other.cache.get('k')).toBe(1);
  });
});

describe('retiming', () => {
  it('changes exactly the entry that was seen: a newer one keeps its own time', async () => {
    const [one, other] = two();
    await other.cache.set('k', 'first', '10m');
    const { seen } = await seenBy(one);
    await other.cache.set('k', 'second', '10m');
    const request = { key: ':k', seen, ttlMs: 1000, graceMs: 0, stamps: [''] };
    expect(await sharedOf(one).retime!([request])).toEqual([false]);
    expect(Number(await world.server.command('PTTL', world.layout.value(':k')))).toBeGreaterThan(500_000);
    expect(await other.cache.get('k')).toBe('second');
  });

  it('does not revive what was invalidated: as of stays what it was', async () => {
    const [one, other] = two();
    await one.cache.set('k', 'old', { tags: ['t'] });
    const { seen } = await seenBy(one);
    await other.cache.invalidateTag('t');
    await sharedOf(one).retime!([{ key: ':k', seen, ttlMs: 60_000, graceMs: 0, stamps: [] }]);
    expect(await other.cache.get('k')).toBeNull();
    expect(await one.cache.expire('k', '1h')).toBe(false);
  });

  it('announces a life that becomes shorter: memory elsewhere does not outlive it', async () => {
    const [one, other] = (await world.many(2)) as [LiveProcess, LiveProcess];
    await one.cache.set('k', 1, '10m');
    await until(async () => (await other.cache.get('k')) === 1 && other.cache.peek('k') === 1, 'the copy');
    expect(await one.cache.expire('k', '50ms')).toBe(true);
    await until(() => other.cache.peek('k') === undefined, 'the message, or the end');
    await until(async () => (await other.cache.get('k')) === null, 'the end');
  });
});

describe('P6 versions', () => {
  it('a lower version never replaces a higher one, by set or by load, in any process', async () => {
    const [one, other] = two();
    await one.cache.set('k', 'v7', { version: 7 });
    await other.cache.set('k', 'v5', { version: 5 });
    expect(await other.cache.get('k')).toBe('v7');
    await other.cache.get('k', () => 'v6', { version: 6, refresh: true });
    expect(await one.cache.get('k')).toBe('v7');
    await other.cache.set('k', 'v8', { version: 8 });
    expect(await one.cache.get('k')).toBe('v8');
  });

  it('F34 the same with tags, as long as these stand', async () => {
    const [one, other] = two();
    await one.cache.set('k', 'v7', { version: 7, tags: ['a', 'b'] });
    await other.cache.set('k', 'v5', { version: 5, tags: ['a'] });
    expect(await other.cache.get('k')).toBe('v7');
    // Dead under its tag, though its header is that of a higher version.
    await other.cache.invalidateTag('b');
    await other.cache.set('k', 'v5', { version: 5 });
    expect(await one.cache.get('k')).toBe('v5');
  });

  it('one that is dead holds up nobody: cleared, of a cleared namespace, of an earlier life of the data', async () => {
    const [one, other] = two();
    const deaths: readonly (() => Promise<unknown>)[] = [
      () => one.cache.namespace('n').clear(),
      () => one.cache.clear(),
      () => world.server.command('DEL', world.layout.clear),
    ];
    for (const [at, die] of deaths.entries()) {
      const [mine, others] = [one.cache.namespace('n'), other.cache.namespace('n')];
      await mine.set(`k${at}`, 'v7', { version: 7 });
      await die();
      await others.set(`k${at}`, 'v1', { version: 1 });
      expect(await mine.get(`k${at}`)).toBe('v1');
    }
  });
});

describe('counters', () => {
  it('one that is invalid under a tag begins anew, and so does one of an earlier life of the data', async () => {
    const [one, other] = two();
    expect(await one.cache.increment('n', 5, { tags: ['t'] })).toBe(5);
    expect(await other.cache.increment('n', 1, { tags: ['t'] })).toBe(6);
    await other.cache.invalidateTag('t');
    expect(await one.cache.increment('n', 1, { tags: ['t'] })).toBe(1);
    const [mine, others] = [one.cache.namespace('n'), other.cache.namespace('n')];
    expect(await mine.increment('c', 5)).toBe(5);
    await others.clear();
    expect(await mine.increment('c', 1)).toBe(1);
    await one.cache.clear();
    expect(await other.cache.increment('n', 2)).toBe(2);
    await world.server.command('DEL', world.layout.clear);
    expect(await other.cache.increment('n', 3)).toBe(3);
  });

  it('counting is heard by the memory of others', async () => {
    const [one, other] = (await world.many(2, { cache: { maxStaleness: '1m' } })) as [
      LiveProcess,
      LiveProcess,
    ];
    await one.cache.increment('n');
    await until(async () => (await other.cache.get('n')) === 1 && other.cache.peek('n') === 1, 'the copy');
    await one.cache.increment('n');
    await until(() => other.cache.peek('n') === undefined, 'the message');
    expect(await other.cache.get('n')).toBe(2);
  });

  it('two processes lose no count, and what is set in between is counted on', async () => {
    const [one, other] = two();
    await Promise.all(
      Array.from({ length: 200 }, (_, at) => (at % 2 === 0 ? one : other).cache.increment('n')),
    );
    expect(await one.cache.get('n')).toBe(200);
    await one.cache.set('n', 10);
    expect(await other.cache.increment('n', -3)).toBe(7);
    expect(await one.cache.get('n')).toBe(7);
  });
});

describe('P2 read your own invalidation, P5 an acknowledgement means the store took it', () => {
  it('read at once after it, in the same process, a hundred times', async () => {
    const one = await world.serving();
    const other = world.open({ cache: BARE });
    for (let turn = 0; turn < 100; turn++) {
      await one.cache.set('k', turn, { tags: ['t'] });
      expect(await one.cache.get('k')).toBe(turn);
      expect(await other.cache.get('k')).toBe(turn);
      if (turn % 3 === 0) await one.cache.delete('k');
      if (turn % 3 === 1) await one.cache.invalidateTag('t');
      if (turn % 3 === 2) await one.cache.clear();
      expect(await one.cache.get('k')).toBeNull();
      expect(await other.cache.get('k')).toBeNull();
    }
  });

  it('P1 many loads and invalidations in two processes at once: no read behind an acknowledged invalidation', async () => {
    const processes = [
      await world.serving({ cache: { maxStaleness: '300ms' } }),
      world.open({ cache: BARE }),
    ];
    let version = 0;
    let acknowledged = 0;
    let isOver = false;
    const failures: string[] = [];
    const reads = async (process: LiveProcess, strict: boolean): Promise<void> => {
      while (!isOver) {
        const least = acknowledged;
        const value = await process.cache.get('k', async () => {
          const read = version;
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
          return read;
        });
        if (strict && (value as number) < least) failures.push(`${String(value)} < ${least}`);
      }
    };
    const writes = async (): Promise<void> => {
      while (version < 150) {
        version += 1;
        const written = version;
        await processes[version % 2]!.cache.delete('k');
        acknowledged = Math.max(acknowledged, written);
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
      }
      isOver = true;
    };
    // The second has no memory: for it there is no D.
    await Promise.all([
      writes(),
      reads(processes[1]!, true),
      reads(processes[1]!, true),
      reads(processes[0]!, false),
    ]);
    expect(failures).toEqual([]);
  });
});

describe('S4 own writes race too', () => {
  it('of a set and a load at once the set stays, in memory and in the store', async () => {
    const one = await world.serving();
    const held = new HeldLoader();
    const early = one.cache.get('k', held.load);
    await held.begun();
    const writing = one.cache.set('k', 'set');
    held.answer('old');
    await Promise.all([early, writing]);
    expect(await one.cache.get('k')).toBe('set');
    const other = world.open({ cache: BARE });
    expect(await other.cache.get('k')).toBe('set');
  });
});
