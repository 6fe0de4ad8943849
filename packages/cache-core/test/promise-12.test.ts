import { CacheManager, ManualClock } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { ManualLoader, Processes } from './races-processes.ts';
import { settled } from './schedule-steps.ts';

const CALLERS = 1000;

function many<T>(call: () => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: CALLERS }, call));
}

describe('P12 F30 one load', () => {
  it('for 1,000 callers of a cold key in one tier', async () => {
    const cache = new CacheManager({ clock: new ManualClock() });
    const loader = new ManualLoader<string>();
    const answers = many(() => cache.get('k', loader.load));
    await settled();
    loader.end('value');
    expect(new Set(await answers)).toEqual(new Set(['value']));
    expect(loader.calls).toBe(1);
  });

  it('for 1,000 callers of a cold key in two tiers', async () => {
    const processes = new Processes();
    const { cache } = processes.start();
    const loader = new ManualLoader<string>();
    const answers = many(() => cache.get('k', loader.load));
    await settled();
    loader.end('value');
    expect(new Set(await answers)).toEqual(new Set(['value']));
    expect(loader.calls).toBe(1);
    expect(processes.memory.log).toEqual(['read', 'lease', 'fill']);
  });

  it('for 1,000 callers in each of four processes', async () => {
    const processes = new Processes();
    const loader = new ManualLoader<string>();
    const started = [0, 1, 2, 3].map(() => processes.start());
    const answers = Promise.all(started.map(({ cache }) => many(() => cache.get('k', loader.load))));
    await processes.clock.advance(1000);
    expect(loader.calls).toBe(1);
    loader.end('value');
    await processes.clock.advance(100);
    expect(new Set((await answers).flat())).toEqual(new Set(['value']));
    expect(loader.calls).toBe(1);
  });

  it('for callers that come at any moment of it', async () => {
    for (const make of [
      () => new CacheManager({ clock: new ManualClock() }),
      () => new Processes().start().cache,
    ]) {
      const cache = make();
      let calls = 0;
      const answers: Promise<number>[] = [];
      for (let turn = 0; turn < 200; turn++) {
        answers.push(cache.get('k', () => ++calls));
        await Promise.resolve();
      }
      expect(new Set(await Promise.all(answers))).toEqual(new Set([1]));
    }
  });

  it('for callers of one key and of many at once', async () => {
    const { cache } = new Processes().start();
    const [one, many] = [new ManualLoader<string>(), new ManualLoader<string[]>()];
    const single = cache.get('k', one.load);
    await settled();
    let asked: readonly string[] = [];
    const batch = cache.getMany(['j', 'k'], (keys) => {
      asked = keys;
      return many.load();
    });
    await settled();
    const joined = cache.get('j', one.load);
    await settled();
    one.end('k of one');
    many.end(['j of many']);
    expect([await single, await batch, await joined]).toEqual([
      'k of one',
      ['j of many', 'k of one'],
      'j of many',
    ]);
    expect([asked, one.calls, many.calls]).toEqual([['j'], 1, 1]);
  });

  it('while the store is down', async () => {
    const processes = new Processes();
    const { cache, store } = processes.start();
    store.before = () => {
      throw new Error('connection lost');
    };
    const loader = new ManualLoader<string>();
    const answers = many(() => cache.get('k', loader.load));
    await settled();
    loader.end('value');
    expect(new Set(await answers)).toEqual(new Set(['value']));
    expect(loader.calls).toBe(1);
    expect(cache.peek('k')).toBe('value');
  });
});

describe('P12 a loser', () => {
  it('loads without storing after leaseWait', async () => {
    const processes = new Processes();
    const { clock } = processes;
    const [one, other] = [processes.start(), processes.start({ leaseWait: '1s' })];
    const loader = new ManualLoader<string>();
    const first = one.cache.get('k', loader.load);
    await settled();
    const second = other.cache.get('k', () => 'own');
    await clock.advance(1100);
    expect(await second).toBe('own');
    expect(await processes.start().cache.get('k')).toBeNull();
    loader.end('value');
    expect(await first).toBe('value');
    expect(await processes.start().cache.get('k')).toBe('value');
  });

  it('takes over 2 s after a holder has died', async () => {
    const processes = new Processes();
    const { clock } = processes;
    const [dead, other] = [processes.start(), processes.start()];
    void dead.cache.get('k', new ManualLoader<string>().load);
    await settled();
    dead.store.before = () => new Promise(() => undefined);
    const waiting = other.cache.get('k', () => 'own');
    await clock.advance(1900);
    expect(await Promise.race([waiting, settled()])).toBeUndefined();
    await clock.advance(200);
    expect(await waiting).toBe('own');
    expect(await processes.start().cache.get('k')).toBe('own');
  });

  it('loads at once when the holder has failed', async () => {
    const processes = new Processes();
    const [one, other] = [processes.start(), processes.start()];
    const loader = new ManualLoader<string>();
    const failing = one.cache.get('k', loader.load);
    await settled();
    const waiting = other.cache.get('k', () => 'own');
    await settled();
    loader.fail(new Error('source down'));
    await expect(failing).rejects.toThrow('source down');
    await processes.clock.advance(50);
    expect(await waiting).toBe('own');
  });

  it('a lease is renewed as long as its load runs', async () => {
    const processes = new Processes();
    const [one, other] = [processes.start(), processes.start({ leaseWait: '1m' })];
    const loader = new ManualLoader<string>();
    const first = one.cache.get('k', loader.load, { stallTimeout: '1m' });
    await settled();
    const second = other.cache.get('k', loader.load, { stallTimeout: '1m' });
    await processes.clock.advance(9000);
    expect(loader.calls).toBe(1);
    loader.end('value');
    expect(await first).toBe('value');
    await processes.clock.advance(100);
    expect(await second).toBe('value');
    expect(loader.calls).toBe(1);
  });
});

describe('P12 without a bus', () => {
  it('a slow load is joined all the same', async () => {
    const processes = new Processes();
    const { cache } = processes.start({ bus: false });
    const loader = new ManualLoader<string>();
    const answers: Promise<string>[] = [];
    for (let second = 0; second < 6; second++) {
      answers.push(cache.get('k', loader.load));
      await processes.clock.advance(1000);
    }
    while (loader.running > 0) loader.end('value');
    await Promise.all(answers);
    expect(loader.calls).toBe(1);
    expect(processes.memory.log.filter((operation) => operation === 'lease')).toHaveLength(1);
  });
});
