import { type Clock, systemClock } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { readHeader } from '../src/entries/entry-header.ts';
import { BARE, heardAll, isData, type LiveProcess, liveWorld, until } from './live-world.ts';

const world = liveWorld();

const HOUR_MS = 3_600_000;

/** The system's clock, with the time of day off by so much. */
function skewed(byMs: number): Clock {
  return {
    now: () => systemClock.now(),
    coarseNow: () => systemClock.coarseNow(),
    wallNow: () => systemClock.wallNow() + byMs,
    schedule: (callback, delayMs, options) => systemClock.schedule(callback, delayMs, options),
    random: () => systemClock.random(),
  };
}

const SKEWS = [-HOUR_MS, -60_000, 60_000, HOUR_MS];

describe('F26 the time of day of a process', () => {
  it.each(SKEWS)('off by %i ms: nothing ends early or late, tags are exact', async (byMs) => {
    const clock = skewed(byMs);
    const one = await world.serving({ store: { clock }, cache: { clock } });
    const other = await world.serving();
    for (const [writer, reader] of [
      [one, other],
      [other, one],
    ] as const) {
      await writer.cache.set('k', 1, { ttl: '30s', grace: '30s', tags: ['t'] });
      await heardAll(writer, reader);
      const entry = await reader.cache.getEntry('k');
      expect(entry?.stale).toBe(false);
      expect(entry?.freshMs).toBeGreaterThan(25_000);
      expect(entry?.freshMs).toBeLessThanOrEqual(30_000);
      expect(entry?.keptMs).toBeLessThanOrEqual(60_001);
      await writer.cache.set('short', 1, { ttl: '150ms' });
      expect(await writer.cache.get('short')).toBe(1);
      await until(async () => (await reader.cache.get('short')) === null, 'it to end');
      await reader.cache.invalidateTag('t');
      expect(await reader.cache.get('k')).toBeNull();
      await heardAll(reader, writer);
      expect(await writer.cache.get('k', () => 'new', { tags: ['t'] })).toBe('new');
      await writer.cache.delete('k');
    }
  });
});

/** What the server answers to TIME, as this process sees it, is off by so many seconds. */
function shiftTime(bySeconds: number) {
  return world.proxy.rewrite(
    (bytes) => {
      const text = bytes
        .toString('latin1')
        .replace(
          /\*2\r\n\$10\r\n(\d{10})\r\n(\$\d\r\n\d{1,6}\r\n)/g,
          (_all, seconds: string, rest: string) => {
            return `*2\r\n$10\r\n${Number(seconds) + bySeconds}\r\n${rest}`;
          },
        );
      return Buffer.from(text, 'latin1');
    },
    { direction: 'toClient', only: isData },
  );
}

describe("F26 the server's clock is stepped", () => {
  it.each([-3600, 3600])(
    'by %i s between its reading and a write: the write is carried out all the same',
    async (bySeconds) => {
      const shift = shiftTime(bySeconds);
      const one = world.open({ cache: { l1: false, maxStaleness: '300ms' } });
      await one.cache.set('k', 1);
      expect(await one.cache.increment('n', 2)).toBe(2);
      shift.end();
      // The next reading shows it, whatever was thought before.
      await until(async () => {
        const entry = await one.cache.getEntry('k');
        return entry !== null && entry.freshMs > 45_000 && entry.freshMs < 60_000;
      }, 'the step to be noticed');
    },
  );

  it('entries in sight while it looks wrong: colder or bounded by their real end, never wrong', async () => {
    const other = world.open({ direct: true, cache: BARE });
    for (const bySeconds of [-3600, 3600]) {
      await other.cache.set('k', bySeconds, { ttl: '1m', tags: ['t'] });
      const shift = shiftTime(bySeconds);
      const one = world.open({ cache: BARE });
      const seen = await one.cache.get('k');
      expect(seen).toBe(bySeconds < 0 ? bySeconds : null);
      // Written in what looks like the future: no longer fresh than it was given.
      expect((await one.cache.getEntry('k'))?.freshMs ?? 0).toBeLessThanOrEqual(60_000);
      await other.cache.invalidateTag('t');
      expect(await one.cache.get('k')).toBeNull();
      shift.end();
      await one.cache.close();
    }
  });

  it('as that of another server that answers after a reconnection: nothing is judged by the old one', async () => {
    const shift = shiftTime(3600);
    const one = world.open({ cache: BARE });
    await one.cache.set('k', 1, '1m');
    expect(await one.cache.get('k')).toBeNull();
    shift.end();
    const before = world.proxy.accepted;
    world.proxy.cut();
    await until(() => world.proxy.accepted > before && one.store.isConnected(), 'another connection');
    expect(await one.cache.get('k')).toBe(1);
  });

  it('back by an hour: the sequence goes on from where it was; loads, tags and leases are exact', async () => {
    const [one, other] = [world.open({ cache: BARE }), world.open({ cache: BARE })];
    await one.cache.set('k', 'written when the clock was ahead', { tags: ['t'] });
    const ahead = String(Date.now() * 1000 + HOUR_MS * 1000);
    await world.server.command('SET', world.layout.seq, ahead);
    for (let turn = 0; turn < 20; turn++) {
      await one.cache.invalidateTag('t');
      expect(await other.cache.get('k')).toBeNull();
      expect(await other.cache.get('k', () => turn, { tags: ['t'] })).toBe(turn);
      expect(await one.cache.get('k', () => -1, { tags: ['t'] })).toBe(turn);
      const load = one.cache.get(
        'raced',
        async () => {
          await other.cache.delete('raced');
          return 'old';
        },
        { tags: ['t'] },
      );
      expect(await load).toBe('old');
      expect(await other.cache.get('raced')).toBeNull();
    }
    const seq = Number(await world.server.command('GET', world.layout.seq));
    expect(seq).toBeGreaterThan(Number(ahead));
    expect(seq).toBeLessThan(Number(ahead) + 1000);
    const header = readHeader(await world.server.commandBuffer<Buffer>('GET', world.layout.value(':k')));
    expect(typeof header).toBe('object');
  });

  it('the end of an entry is that of its key, to the second', async () => {
    const one: LiveProcess = world.open({ cache: BARE });
    await one.cache.set('k', 1, { ttl: '20s', grace: '40s' });
    const left = Number(await world.server.command('PTTL', world.layout.value(':k')));
    expect(left).toBeGreaterThan(55_000);
    expect(left).toBeLessThanOrEqual(60_000);
    await one.cache.set('k', 1, { ttl: Infinity });
    expect(await world.server.command('PTTL', world.layout.value(':k'))).toBe(-1);
    await one.cache.get('loaded', () => 1, { ttl: '30s' });
    expect(Number(await world.server.command('PTTL', world.layout.value(':loaded')))).toBeGreaterThan(25_000);
  });
});
