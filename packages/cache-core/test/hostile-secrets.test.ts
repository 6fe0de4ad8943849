import { inspect } from 'node:util';
import { CacheManager } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { cacheKinds, twoTiers } from './cache-kinds.ts';
import { SECRET, secretUrls } from './hostile-input.ts';

const PARTS = [SECRET, encodeURIComponent(SECRET), 's3cr3t'];

function mustHide(text: string): void {
  for (const part of PARTS) expect(text).not.toContain(part);
}

function errorOf(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error('It was not refused.');
}

describe('P23 secrets', () => {
  it.each(secretUrls)('in a URL at the wrong place do not show in the error: %#', (url) => {
    for (const options of [
      { store: url },
      { prefix: 'a', bus: url },
      { clock: url },
      { ttl: url },
      { store: 'memory', connection: url },
      { [url]: 1 },
    ]) {
      const error = errorOf(() => new CacheManager(options as never));
      mustHide(String(error));
      mustHide(inspect(error, { depth: 10 }));
      mustHide(JSON.stringify(error));
    }
  });

  it.each(secretUrls)('in a connection show nowhere: %#', async (connection) => {
    const cache = new CacheManager({ store: 'redis', connection });
    const error = await cache.get('a').catch((caught: unknown) => caught);
    for (const text of [
      String(error),
      inspect(error, { depth: 10 }),
      inspect(cache, { depth: 10, showHidden: true }),
      JSON.stringify(cache),
      JSON.stringify(await cache.healthCheck()),
      JSON.stringify(cache.stats()),
      String(cache),
    ]) {
      mustHide(text);
    }
  });
});

describe.each(cacheKinds)('P23 values and keys over $name', (kind) => {
  it('show in no snapshot of the cache', async () => {
    const { cache } = kind.open();
    const view = cache.namespace('n').tags(['t']);
    for (const one of [cache, view]) {
      await one.set(`key ${SECRET}`, { password: SECRET });
      await one.get(`key ${SECRET}`);
    }
    for (const one of [cache, view]) {
      mustHide(inspect(one, { depth: 10, showHidden: true }));
      mustHide(JSON.stringify(one));
    }
    mustHide(JSON.stringify(await cache.healthCheck()));
    mustHide(JSON.stringify(cache.stats()));
  });

  it('a value shows in no error, a key is cut to 128 characters', async () => {
    const { cache } = kind.open();
    const key = `${'k'.repeat(500)}`;
    const schema = {
      '~standard': {
        version: 1 as const,
        vendor: 'x',
        validate: () => ({ issues: [{ message: SECRET, path: ['a'] }] }),
      },
    };
    const calls = [
      cache.get(key, () => SECRET, { schema }),
      cache.set(key, Promise.resolve(SECRET)),
      cache.set(key, () => SECRET),
      cache.get('\ud800' + key),
      cache.get(key, () => cache.get(key, () => SECRET)),
      cache.set('counter', SECRET).then(() => cache.increment('counter')),
    ];
    for (const outcome of await Promise.allSettled(calls)) {
      if (outcome.status !== 'rejected') throw new Error('It was not refused.');
      mustHide(String(outcome.reason));
      mustHide(JSON.stringify(outcome.reason));
      expect(String(outcome.reason)).not.toContain('k'.repeat(129));
    }
  });
});

describe('P23 a store that fails', () => {
  it('and quotes a secret: it shows in no message, no log and no health', async () => {
    const lines: unknown[] = [];
    const note = (fields: object, message: string) => lines.push(fields, message);
    const { cache, store } = twoTiers.open({ logger: { debug: note, info: note, warn: note, error: note } });
    store!.before = () => Promise.reject(new Error(`connect redis://u:${SECRET}@h failed`));
    const error = await cache.set('a', { password: SECRET }).catch((caught: unknown) => caught);
    mustHide(String(error));
    await cache.get('a', () => SECRET);
    mustHide(JSON.stringify(lines));
    mustHide(JSON.stringify(await cache.healthCheck()));
  });
});
