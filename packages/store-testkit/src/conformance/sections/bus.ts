import assert from 'node:assert/strict';
import type { BusSubscription, CacheStore, InvalidationBus } from '@larder/cache-core/store';
import { BusRecorder } from '../bus-recorder.ts';
import { casesOf } from '../conformance-case.ts';
import { goodKeys } from '../hostile-input.ts';
import { draft, entryAt, write } from '../shared-entries.ts';
import type { Trial } from '../trial.ts';

const MAX_STALENESS_MS = 1000;

interface Listening {
  readonly store: CacheStore;
  readonly bus: InvalidationBus;
  readonly heard: BusRecorder;
  readonly subscription: BusSubscription;
}

/** A store instance that listens, and whose bus has proven that it works. */
async function listen(trial: Trial): Promise<Listening> {
  const { store, bus } = await trial.openBus();
  const heard = new BusRecorder();
  const subscription = bus.subscribe(heard, { maxStalenessMs: MAX_STALENESS_MS });
  await trial.until(() => heard.proofs.length > 0, 'the bus proves that it works');
  return { store, bus, heard, subscription };
}

/** Tells the others, as the engine does where the store does not. */
async function told(one: Listening, keys: readonly string[], stamps: readonly string[]): Promise<void> {
  if (!one.bus.announcedByStore) await one.subscription.publish({ keys, stamps });
}

export const bus = casesOf('bus', {
  'it proves itself, again and again, about moments that have passed (P4)': async (trial) => {
    const { heard } = await listen(trial);
    if (heard.proofs.includes(Infinity)) return;
    await trial.until(() => heard.proofs.length >= 4, 'four proofs', 2 * MAX_STALENESS_MS);
    for (const sinceMs of heard.proofs)
      assert.ok(sinceMs <= trial.clock.now(), 'A bus cannot vouch for what is yet to come.');
    assert.deepEqual(heard.gaps, []);
  },

  'others hear what is set, deleted and cleared (P3)': async (trial) => {
    const [one, other] = [await listen(trial), await listen(trial)];
    await other.store.set('set', 1);
    await told(other, [':set'], []);
    await other.store.delete('deleted');
    await told(other, [':deleted'], []);
    await other.store.clear();
    await told(other, [], ['']);
    await trial.until(() => one.heard.heardKey(':set'), 'a set is heard');
    await trial.until(() => one.heard.heardKey(':deleted'), 'a deletion is heard');
    await trial.until(() => one.heard.heardStamp(''), 'a clear is heard');
  },

  'others hear of keys and stamps, in both modes': async (trial) => {
    const [one, other] = [await listen(trial), await listen(trial)];
    const { shared } = other.store.capabilities ?? {};
    if (shared === undefined || !other.bus.announcedByStore) return;
    await write(shared, '@n:written', draft(1, { stamps: ['', 'n:n'], tags: ['t:a'], graceMs: 60_000 }));
    await shared.invalidate({ keys: [':deleted', ':too'], stamps: ['t:a', 'n:n'], mode: 'delete' });
    await shared.invalidate({ keys: ['@n:expired'], stamps: [], mode: 'expire' });
    for (const key of ['@n:written', ':deleted', ':too', '@n:expired'])
      await trial.until(() => one.heard.heardKey(key), `${key} is heard`);
    for (const name of ['t:a', 'n:n'])
      await trial.until(() => one.heard.heardStamp(name), `${name} is heard`);
  },

  'others hear of counts, and of lives that become shorter': async (trial) => {
    const [one, other] = [await listen(trial), await listen(trial)];
    const { shared } = other.store.capabilities ?? {};
    if (shared === undefined || !other.bus.announcedByStore) return;
    if (shared.increment !== undefined) {
      await shared.increment({ key: ':counted', by: 1, ttlMs: Infinity, stamps: [''], tags: [] });
      await trial.until(() => one.heard.heardKey(':counted'), 'a count is heard');
    }
    if (shared.retime !== undefined) {
      await write(shared, ':shorter', draft(1));
      await trial.until(() => one.heard.heardKey(':shorter'), 'a write is heard');
      const before = one.heard.messages.length;
      const { seen } = (await entryAt(shared, ':shorter'))!;
      await shared.retime([{ key: ':shorter', seen, ttlMs: 10_000, graceMs: 0, stamps: [] }]);
      const isHeard = (): boolean =>
        one.heard.messages.slice(before).some(({ keys }) => keys.includes(':shorter'));
      await trial.until(isHeard, 'a shorter life is heard');
    }
  },

  'messages of operations that a cache has asked for do not come back': async (trial) => {
    const [one, other] = [await listen(trial), await listen(trial)];
    const { shared } = one.store.capabilities ?? {};
    if (shared !== undefined) {
      await write(shared, ':own', draft(1));
      await shared.invalidate({ keys: [':own'], stamps: ['t:own'], mode: 'delete' });
    }
    await told(one, [':own'], ['t:own']);
    // What comes after them has arrived: they would have, too.
    await other.store.set('theirs', 1);
    await told(other, [':theirs'], []);
    await trial.until(() => one.heard.heardKey(':theirs'), 'what came later is heard');
    await trial.until(() => other.heard.heardKey(':own'), 'the others hear it');
    assert.equal(one.heard.heardKey(':own') || one.heard.heardStamp('t:own'), false);
    assert.deepEqual([one.heard.gaps, other.heard.gaps], [[], []]);
  },

  'what is done by the methods of the store itself is known to a cache over the same instance': async (
    trial,
  ) => {
    const { store, bus: announcing } = await trial.openBus();
    if (!announcing.announcedByStore) return;
    const cache = await trial.cache({}, store);
    const steps: readonly (readonly [() => Promise<void>, unknown])[] = [
      [() => store.set('k', 'by the store'), 'by the store'],
      [() => store.delete('k'), null],
      [() => store.clear(), null],
    ];
    for (const [step, expected] of steps) {
      await cache.set('k', 'by the cache');
      assert.equal(await cache.get('k'), 'by the cache');
      await step();
      await trial.until(async () => (await cache.get('k')) === expected, 'the cache knows', MAX_STALENESS_MS);
    }
  },

  'another instance in this process is another one': async (trial) => {
    const [one, other, third] = [await listen(trial), await listen(trial), await listen(trial)];
    await third.store.set('k', 1);
    await told(third, [':k'], []);
    for (const { heard } of [one, other]) await trial.until(() => heard.heardKey(':k'), 'both hear it');
  },

  'a store next door is not heard (P17)': async (trial) => {
    const one = await listen(trial);
    const sibling = await trial.open({ sibling: true });
    const other = await listen(trial);
    await sibling.set('next door', 1);
    await sibling.clear();
    await other.store.set('here', 1);
    await told(other, [':here'], []);
    await trial.until(() => one.heard.heardKey(':here'), 'what came later is heard');
    assert.equal(one.heard.heardKey(':next door') || one.heard.heardStamp(''), false);
    assert.deepEqual(one.heard.gaps, []);
  },

  'names arrive as they were sent, whatever they look like': async (trial) => {
    const [one, other] = [await listen(trial), await listen(trial)];
    const keys = goodKeys.filter((key) => key.length < 1000);
    for (const key of keys) {
      await other.store.delete(key);
      await told(other, [`:${key}`], []);
    }
    for (const key of keys) await trial.until(() => one.heard.heardKey(`:${key}`), JSON.stringify(key));
    assert.deepEqual(one.heard.gaps, []);
  },

  'of a burst nothing is lost, or that is said (F7, F31)': async (trial) => {
    const [one, other] = [await listen(trial), await listen(trial)];
    const keys = Array.from({ length: 500 }, (_, at) => `k${at}`);
    await Promise.all(
      keys.map(async (key) => {
        await other.store.delete(key);
        await told(other, [`:${key}`], []);
      }),
    );
    await trial.until(
      () => one.heard.gaps.length > 0 || keys.every((key) => one.heard.heardKey(`:${key}`)),
      'all of it is heard, or a gap is reported',
    );
  },

  'many keys in one step arrive, or a gap is reported': async (trial) => {
    const [one, other] = [await listen(trial), await listen(trial)];
    const { shared } = other.store.capabilities ?? {};
    if (shared === undefined || !other.bus.announcedByStore) return;
    const keys = Array.from({ length: 5000 }, (_, at) => `:${'x'.repeat(100)}${at}`);
    await shared.invalidate({ keys, stamps: [], mode: 'delete' });
    await trial.until(
      () =>
        one.heard.gaps.length > 0 ||
        new Set(one.heard.messages.flatMap((message) => message.keys)).size >= 5000,
      'all of it is heard, or a gap is reported',
    );
  },

  'after close nothing is called any more': async (trial) => {
    const [one, other, third] = [await listen(trial), await listen(trial), await listen(trial)];
    await one.subscription.close();
    const { messages, gaps, proofs } = one.heard;
    const before = [messages.length, gaps.length, proofs.length];
    await third.store.set('k', 1);
    await told(third, [':k'], []);
    await trial.until(() => other.heard.heardKey(':k'), 'another one hears it');
    await trial.turn();
    assert.deepEqual([messages.length, gaps.length, proofs.length], before);
    await one.subscription.close();
    await one.store.set('still', 'usable');
    assert.equal(await one.store.get('still'), 'usable');
  },

  'one can listen again': async (trial) => {
    const [one, other] = [await listen(trial), await listen(trial)];
    await one.subscription.close();
    const again = new BusRecorder();
    const subscription = one.bus.subscribe(again, { maxStalenessMs: MAX_STALENESS_MS });
    await trial.until(() => again.proofs.length > 0, 'the bus proves that it works again');
    await other.store.set('k', 1);
    await told(other, [':k'], []);
    await trial.until(() => again.heardKey(':k'), 'it is heard');
    await subscription.close();
  },
});
