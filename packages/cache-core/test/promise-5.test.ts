import { CacheErrorCode, type CacheView } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { type Process, Processes } from './races-processes.ts';
import { settled } from './schedule-steps.ts';

const MUTATIONS: Readonly<Record<string, (cache: CacheView) => Promise<unknown>>> = {
  set: (cache) => cache.set('k', 'new'),
  'set with ttl 0': (cache) => cache.set('k', 'new', 0),
  delete: (cache) => cache.delete('k'),
  expire: (cache) => cache.expire('k'),
  invalidateTag: (cache) => cache.invalidateTag('t'),
  clear: (cache) => cache.clear(),
  increment: (cache) => cache.increment('k'),
};
const CASES = Object.entries(MUTATIONS);

async function failing(processes: Processes, when: 'before' | 'after'): Promise<Process> {
  const one = processes.start();
  await one.cache.set('k', 1, { tags: ['t'] });
  one.store[when] = () => {
    throw new Error('connection lost');
  };
  return one;
}

describe('P5 an ack means that the shared store took it', () => {
  it.each(CASES)('%s rejects where the store fails, and memory forgets', async (_name, mutate) => {
    const processes = new Processes();
    const one = await failing(processes, 'before');
    const error = { code: CacheErrorCode.STORE_FAILED, retryable: true, details: { applied: 'unknown' } };
    await expect(mutate(one.cache)).rejects.toMatchObject(error);
    expect(one.cache.peek('k')).toBeUndefined();
  });

  it.each(CASES)('%s rejects where the answer is lost', async (_name, mutate) => {
    const processes = new Processes();
    const one = await failing(processes, 'after');
    await expect(mutate(one.cache)).rejects.toMatchObject({ details: { applied: 'unknown' } });
    expect(one.cache.peek('k')).toBeUndefined();
  });

  it.each(CASES)(
    '%s that fails: memory forgets what a read in between has brought',
    async (_name, mutate) => {
      const processes = new Processes();
      const one = await failing(processes, 'before');
      const { steps } = processes;
      one.store.before = (operation) =>
        operation === 'read' || operation === 'stamps' ? undefined : steps.wait(operation);
      const mutation = mutate(one.cache).catch((error: unknown) => error);
      await settled();
      expect(await one.cache.get('k')).toBe(1);
      expect(one.cache.peek('k')).toBe(1);
      await steps.fail('');
      expect(await mutation).toBeInstanceOf(Error);
      expect(one.cache.peek('k')).toBeUndefined();
    },
  );

  it.each(CASES)('%s rejects at its deadline', async (_name, mutate) => {
    const processes = new Processes();
    const one = await failing(processes, 'after');
    one.store.after = () => undefined;
    processes.slow(one);
    const outcome = mutate(one.cache).catch((error: unknown) => error);
    await processes.clock.advance(1000);
    expect(await outcome).toMatchObject({
      code: CacheErrorCode.OPERATION_TIMEOUT,
      details: { applied: 'unknown' },
    });
    expect(one.cache.peek('k')).toBeUndefined();
  });

  it('applied: no, where the store was not asked because it has stopped answering', async () => {
    const processes = new Processes();
    const one = await failing(processes, 'before');
    for (let errors = 0; errors < 5; errors++) await one.cache.delete('k').catch(() => undefined);
    const error = { code: CacheErrorCode.STORE_UNAVAILABLE, details: { applied: 'no' } };
    await expect(one.cache.set('k', 1)).rejects.toMatchObject(error);
  });

  it('several at once say which have failed', async () => {
    const processes = new Processes();
    const one = await failing(processes, 'before');
    const items = [
      { key: 'j', value: 1 },
      { key: 'k', value: 2 },
    ];
    await expect(one.cache.setMany(items)).rejects.toMatchObject({ details: { failed: [0, 1] } });
    await expect(one.cache.deleteMany(['j', 'k'])).rejects.toMatchObject({ details: { failed: [0, 1] } });
  });
});
