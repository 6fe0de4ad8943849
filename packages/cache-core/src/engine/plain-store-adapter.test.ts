import { describe, expect, it } from 'vitest';
import { ManualClock } from '../clock/manual-clock.ts';
import type { CacheStore } from '../contracts/cache-store.ts';
import type { EntryDraft, Lease, SharedEntry } from '../contracts/shared-store.ts';
import { PlainStoreAdapter } from './plain-store-adapter.ts';

function open() {
  const entries = new Map<string, unknown>();
  const clock = new ManualClock();
  const store = {
    get: async (key: string) => entries.get(key) ?? null,
    set: async (key: string, value: unknown) => void entries.set(key, value),
    delete: async (key: string) => void entries.delete(key),
    clear: async () => entries.clear(),
  } as CacheStore;
  return { entries, clock, store, adapter: new PlainStoreAdapter(store, clock) };
}

const draft = (value: unknown, more: Partial<EntryDraft> = {}): EntryDraft => ({
  value,
  ttlMs: Infinity,
  graceMs: 0,
  loadMs: 0,
  stamps: [''],
  tags: [],
  ...more,
});

async function readOne(adapter: PlainStoreAdapter, key: string): Promise<SharedEntry | null> {
  return (await adapter.read([key], { stamps: [''] })).entries[0] as SharedEntry | null;
}

describe('PlainStoreAdapter', () => {
  it('keeps plain values at the root under their own keys, as anybody else would write them', async () => {
    const { adapter, entries } = open();
    await adapter.write([{ key: ':user:1', entry: draft('ann') }]);
    expect([...entries]).toEqual([['user:1', 'ann']]);
    entries.set('user:2', 'bob');
    expect((await readOne(adapter, ':user:2'))?.value).toBe('bob');
  });

  it('no root key and no place share a key of the store', async () => {
    const { adapter, entries } = open();
    const addresses = [':a', '@a:b', ':@a:b', '::@a:b', '::', ':', '@:', ':@:'];
    await adapter.write(addresses.map((key) => ({ key, entry: draft(key) })));
    expect(entries.size).toBe(addresses.length);
    for (const key of addresses) expect((await readOne(adapter, key))?.value).toBe(key);
  });

  it('what another process has written in a namespace or with tags is absent: its stamps are not known', async () => {
    const { adapter, store, clock } = open();
    await adapter.write([
      { key: '@n:a', entry: draft(1) },
      { key: ':b', entry: draft(2, { tags: ['t:x'] }) },
      { key: ':c', entry: draft(3) },
    ]);
    const restarted = new PlainStoreAdapter(store, clock);
    expect(await Promise.all(['@n:a', ':b', ':c'].map((key) => readOne(restarted, key)))).toMatchObject([
      null,
      null,
      { value: 3 },
    ]);
  });

  it('fills under a lease that is still held, and while no stamp has moved', async () => {
    const { adapter } = open();
    const lease = async () =>
      (await adapter.lease([{ key: ':a' }], { stamps: [''], leaseMs: 1 })).answers[0] as Lease;
    const fill = async (given: Lease, tags: string[] = []) =>
      (await adapter.fill([{ lease: given, entry: draft('x', { tags }) }]))[0]!.stored;
    expect(await fill(await lease())).toBe(true);
    const taken = await lease();
    await lease();
    expect(await fill(taken)).toBe(false);
    const deleted = await lease();
    await adapter.invalidate({ keys: [':a'], stamps: [], mode: 'delete' });
    expect(await fill(deleted)).toBe(false);
    const tagged = await lease();
    await adapter.invalidate({ keys: [], stamps: ['t:x'], mode: 'delete' });
    expect(await fill(tagged, ['t:x'])).toBe(false);
    const given = await lease();
    expect(await adapter.renew([given])).toEqual([true]);
    await adapter.release([given]);
    expect([await adapter.renew([given]), await fill(given)]).toEqual([[false], false]);
  });

  it('mutations of one key follow one another; one that hangs does not hold the others for ever', async () => {
    const { adapter, store, clock, entries } = open();
    const set = store.set.bind(store);
    let calls = 0;
    store.set = (key, value) => (++calls === 1 ? new Promise(() => undefined) : set(key, value));
    void adapter.write([{ key: ':a', entry: draft('hangs') }]);
    const next = adapter.write([{ key: ':a', entry: draft('next') }]);
    await clock.advance(500);
    expect(entries.size).toBe(0);
    await clock.advance(5000);
    await next;
    expect(entries.get('a')).toBe('next');
    expect(clock.pendingTimers).toBe(0);
  });

  it('forgets stamps beyond its bound, and then takes what carried them as dead', async () => {
    const { adapter } = open();
    await adapter.write([{ key: ':old', entry: draft(1, { tags: ['t:x'] }) }]);
    const names = Array.from({ length: 100_001 }, (_, at) => `t:${at}`);
    await adapter.invalidate({ keys: [], stamps: names, mode: 'delete' });
    const old = await readOne(adapter, ':old');
    const [stamp] = await adapter.stamps(['t:x']);
    expect(adapter.isCurrent(old!.asOf, 't:x', stamp!)).toBe(false);
    await adapter.write([{ key: ':new', entry: draft(2, { tags: ['t:x'] }) }]);
    const young = await readOne(adapter, ':new');
    expect(adapter.isCurrent(young!.asOf, 't:x', stamp!)).toBe(true);
  });
});
