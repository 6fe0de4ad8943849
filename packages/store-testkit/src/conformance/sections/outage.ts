import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { CacheErrorCode, isCacheError } from '@larder/cache-core';
import {
  expectFullService,
  expectNoSecret,
  inEachOutage,
  MAX_STALENESS_MS,
  READ_MS,
  SERVICE_MS,
  SLACK_MS,
  UNREACHABLE,
  WRITE_MS,
} from '../away.ts';
import { casesOf } from '../conformance-case.ts';
import { HeldLoad } from '../overtaking.ts';
import { refusal } from '../refusal.ts';

export const outage = casesOf(
  'outage',
  {
    ...inEachOutage('a read costs one deadline, then only its loader (P9, P10)', async (away) => {
      const { trial, cache } = away;
      await away.begin();
      const first = cache.get('cold', () => 'loaded');
      assert.equal(await trial.within(READ_MS + SLACK_MS, 'a read ends', first), 'loaded');
      const others = async (): Promise<void> => {
        for (let at = 0; at < 30; at++) assert.equal(await cache.get(`k${at}`, () => at), at);
        assert.deepEqual(await cache.getMany(['x', 'y'], () => [1, 2]), [1, 2]);
        assert.equal(await cache.get('nothing'), null);
      };
      await trial.within(READ_MS + SLACK_MS, 'thirty more cost next to nothing', others());
    }),

    ...inEachOutage('a hit in memory does not wait, and is served for D at most (S6)', async (away) => {
      const { trial, cache } = away;
      if (cache.peek('warm') === undefined) return;
      await away.begin();
      const inMemory = cache.peek('warm');
      if (inMemory !== undefined) {
        assert.equal(await trial.within(READ_MS / 2, 'a hit', cache.get('warm')), 'value');
      }
      const isOver = (): boolean => cache.peek('warm') === undefined;
      await trial.until(isOver, 'memory is no longer believed', MAX_STALENESS_MS + SLACK_MS);
    }),

    ...inEachOutage(
      'a write rejects within its deadline, and says whether it may have happened (P5)',
      async (away) => {
        const { trial, cache } = away;
        await away.begin();
        const writes: Readonly<Record<string, () => Promise<unknown>>> = {
          set: () => cache.set('k', 1),
          delete: () => cache.delete('k'),
          clear: () => cache.clear(),
          invalidateTag: () => cache.invalidateTag('t'),
          setMany: () => cache.setMany([{ key: 'k', value: 1 }]),
        };
        for (const [name, write] of Object.entries(writes)) {
          const codes = name === 'setMany' ? [CacheErrorCode.BULK_FAILED] : UNREACHABLE;
          const refused = refusal(name, write, ...codes);
          const error = await trial.within(WRITE_MS + SLACK_MS, `${name} rejects`, refused);
          if (name === 'setMany' || !isCacheError(error)) continue;
          const { applied } = error.details;
          assert.ok(
            applied === 'no' || applied === 'unknown',
            `${name}: details.applied is ${String(applied)}.`,
          );
          expectNoSecret(trial, `An error of ${name}`, inspect(error, { depth: 10 }));
        }
      },
    ),

    ...inEachOutage('full service within two seconds of its end (F12)', async (away) => {
      const { trial, cache, store } = away;
      await away.begin();
      await trial.done(cache.get('cold', () => 'loaded'));
      await trial.done(cache.set('k', 'lost').catch(() => undefined));
      await away.end();
      await expectFullService(trial, cache, store);
      assert.equal(await trial.done(cache.get('new', () => 'loaded')), 'loaded');
    }),

    ...inEachOutage('a cache that is made meanwhile works, and serves in full later (F12)', async (away) => {
      const { trial } = away;
      await away.begin();
      const store = await trial.open();
      const cache = await trial.cache({}, store);
      assert.equal(
        await trial.within(
          READ_MS + SLACK_MS,
          'a read ends',
          cache.get('k', () => 'loaded'),
        ),
        'loaded',
      );
      const connecting = refusal('connect', () => cache.connect(), ...UNREACHABLE);
      await trial.within(WRITE_MS + SLACK_MS, 'connect rejects', connecting);
      await away.end();
      await expectFullService(trial, cache, store);
    }),

    ...inEachOutage('many calls at once all end, and end well', async (away) => {
      const { trial, cache } = away;
      await away.begin();
      const reads = Array.from({ length: 200 }, (_, at) => cache.get(`k${at}`, () => at));
      const answers = await trial.within(2 * READ_MS + SLACK_MS, 'all reads end', Promise.all(reads));
      assert.deepEqual(answers, [...reads.keys()]);
    }),

    ...inEachOutage('a load that it overtakes is answered', async (away) => {
      const { trial, cache } = away;
      const load = await HeldLoad.begin(trial, cache);
      await away.begin();
      assert.equal(await load.end(trial, 'loaded'), 'loaded');
    }),

    ...inEachOutage('closing ends', async (away) => {
      const { trial, cache, store } = away;
      await away.begin();
      void cache.get('k', () => 'loaded').catch(() => undefined);
      const closing = cache.close({ deadline: '500ms' }).catch(() => undefined);
      await trial.within(500 + WRITE_MS + 2 * READ_MS + SLACK_MS, 'close', closing);
      assert.equal(store.isConnected(), false);
    }),

    ...inEachOutage('what is at fault itself is refused before anything is sent (P16)', async (away) => {
      const { trial, store, cache } = away;
      await away.begin();
      const calls: readonly (readonly [string, () => Promise<unknown>, CacheErrorCode])[] = [
        ['get', () => store.get(''), CacheErrorCode.INVALID_KEY],
        ['set', () => store.set('k', undefined), CacheErrorCode.INVALID_VALUE],
        ['set with a bad ttl', () => store.set('k', 1, -1), CacheErrorCode.INVALID_CONFIGURATION],
        ['get of a cache', () => cache.get('\ud800'), CacheErrorCode.INVALID_KEY],
      ];
      for (const [name, call, code] of calls)
        await trial.within(50 + SLACK_MS, name, refusal(name, call, code));
    }),

    ...inEachOutage('health is answered from memory, and shows no secret (P23)', async (away) => {
      const { trial, store, cache } = away;
      const { health, remote } = store.capabilities ?? {};
      expectNoSecret(
        trial,
        'The store',
        inspect(store, { depth: 4 }) + JSON.stringify(health?.health() ?? null),
      );
      await away.begin();
      await trial.done(cache.get('k', () => 1));
      const report = await trial.within(READ_MS / 2, 'health', cache.healthCheck());
      assert.notEqual(report.status, 'healthy', 'A cache whose store does not answer is not well.');
      expectNoSecret(trial, 'Health', JSON.stringify(report) + inspect(health?.health(), { depth: 10 }));
      assert.ok(remote !== undefined);
    }),

    'F11 who asks to be told when the server is back is told': async (trial) => {
      const { store, remote } = await trial.openFor('remote');
      const { faults } = trial;
      await store.set('k', 1);
      let told = 0;
      let wrongly = 0;
      remote.onReady(() => {
        told += 1;
      });
      remote.onReady(() => {
        wrongly += 1;
      })();
      await faults.kill();
      await store.get('k').catch(() => undefined);
      const before = told;
      await faults.restart();
      await trial.until(() => told > before, 'the server is back', SERVICE_MS + SLACK_MS);
      assert.equal(wrongly, 0);
    },

    'F11 F20 connections that are cut: what is under way ends, and all works again': async (trial) => {
      const { faults } = trial;
      const store = await trial.open();
      const cache = await trial.cache({}, store);
      for (let round = 0; round < 3; round++) {
        const calls = Array.from({ length: 50 }, (_, at) => [
          store.get(`k${at}`),
          store.set(`k${at}`, 'x'.repeat(1000)),
          cache.get(`j${at}`, () => at),
        ]).flat();
        const cutOff = Promise.allSettled(calls);
        await faults.cut();
        const tooLate = Promise.allSettled(Array.from({ length: 10 }, (_, at) => store.get(`k${at}`)));
        const settled = Promise.all([cutOff, tooLate]).then((outcomes) => outcomes.flat());
        for (const outcome of await trial.within(WRITE_MS + READ_MS + SLACK_MS, 'all calls end', settled)) {
          if (outcome.status === 'rejected')
            assert.ok(
              isCacheError(outcome.reason),
              `A store rejects with CacheErrors, not ${String(outcome.reason)}.`,
            );
        }
        await expectFullService(trial, cache, store);
      }
    },

    'a slow server: within the deadline it is used, beyond it the loader is': async (trial) => {
      const { faults } = trial;
      const store = await trial.open();
      const cache = await trial.cache({ l1: false }, store);
      await cache.set('k', 'value');
      await faults.delay(60);
      assert.equal(await trial.done(cache.get('k', () => 'loaded')), 'value');
      await trial.done(cache.set('k', 'slowly'));
      await faults.delay(600);
      const read = cache.get('k', () => 'loaded');
      assert.equal(await trial.within(READ_MS + SLACK_MS, 'a read ends', read), 'loaded');
      await faults.delay(0);
      await expectFullService(trial, cache, store);
      assert.notEqual(await cache.get('k'), 'value');
    },

    'F10 what is carried out after its deadline does not undo what came later': async (trial) => {
      const { faults } = trial;
      const [store, other] = [await trial.open(), await trial.open()];
      const cache = await trial.cache({}, store);
      await cache.set('k', 'first');
      for (let round = 0; round < 3; round++) {
        await faults.pause();
        const giving = refusal('set', () => cache.set('k', `late ${round}`), ...UNREACHABLE);
        await trial.within(WRITE_MS + SLACK_MS, 'set rejects', giving);
        await faults.resume();
        await expectFullService(trial, cache, store);
        await cache.set('k', `new ${round}`);
        await trial.turn();
        for (let look = 0; look < 5; look++) {
          assert.equal(await other.get('k'), `new ${round}`);
          assert.equal(await cache.get('k'), `new ${round}`);
        }
      }
    },

    'F13 a restart without data: nothing of before, old leases are dead, memory forgets within D': async (
      trial,
    ) => {
      const { faults } = trial;
      const [store, other] = [await trial.open(), await trial.open()];
      const cache = await trial.cache({}, store);
      const load = await HeldLoad.begin(trial, cache);
      await cache.set('warm', 'value');
      await faults.kill();
      await faults.restart();
      await load.end(trial, 'old');
      await trial.until(
        async () => (await cache.get('warm')) === null,
        'memory forgets',
        SERVICE_MS + MAX_STALENESS_MS,
      );
      await expectFullService(trial, cache, store);
      assert.deepEqual([await other.get('warm'), await other.get('k')], [null, null]);
      assert.notEqual(await cache.get('k'), 'old');
    },

    'F5 an invalidation while the connection is cut is known within D (P4)': async (trial) => {
      const { faults } = trial;
      const [cache, other] = [await trial.cache(), await trial.cache()];
      for (let round = 0; round < 3; round++) {
        await cache.set('k', `old ${round}`);
        const knowsOld = async (): Promise<boolean> => (await other.get('k')) === `old ${round}`;
        await trial.until(knowsOld, 'the other process has it', MAX_STALENESS_MS + SLACK_MS);
        await faults.cut();
        const isWritten = async (): Promise<boolean> =>
          cache.set('k', `new ${round}`).then(
            () => true,
            () => false,
          );
        await trial.until(isWritten, 'a write succeeds', SERVICE_MS + SLACK_MS);
        const knows = async (): Promise<boolean> => (await other.get('k')) === `new ${round}`;
        await trial.until(knows, 'the other process knows', MAX_STALENESS_MS + SLACK_MS);
        for (let look = 0; look < 5; look++)
          assert.ok(await knows(), 'What was known must not be forgotten.');
      }
    },
  },
  60_000,
);
