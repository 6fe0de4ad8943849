import { CacheErrorCode, type CacheEvent, CacheManager, LocalBus, type Logger } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { cacheKinds, memoryKind, twoTiers } from './cache-kinds.ts';
import { forbidUnhandledRejections } from './unhandled-rejections.ts';

const EVENTS: readonly CacheEvent[] = [
  'hit',
  'miss',
  'set',
  'delete',
  'invalidated',
  'load',
  'refresh',
  'evict',
  'error',
  'breaker',
  'flush',
];

forbidUnhandledRejections();

function record(cache: CacheManager): [string, unknown][] {
  const seen: [string, unknown][] = [];
  for (const name of EVENTS) cache.on(name, (event) => seen.push([name, event]));
  return seen;
}

function recordingLogger() {
  const lines: { level: string; fields: Readonly<Record<string, unknown>>; message: string }[] = [];
  const at = (level: string) => (fields: Readonly<Record<string, unknown>>, message: string) => {
    lines.push({ level, fields, message });
  };
  return {
    lines,
    logger: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } satisfies Logger,
  };
}

describe.each(cacheKinds)('events over $name', (kind) => {
  it('tell of reads, writes, loads and invalidations, with the whole key and its namespace', async () => {
    const { cache } = kind.open();
    const seen = record(cache);
    const inner = cache.namespace('a').namespace('b');
    const source = kind.l1 ? 'l1' : 'l2';
    const at = { key: 'k'.repeat(300), namespace: 'a/b' };
    await inner.get(at.key);
    await inner.get(at.key, () => 1);
    await inner.get(at.key);
    await inner.set(at.key, 2, 5);
    await inner.delete(at.key);
    expect(seen).toEqual([
      ['miss', at],
      ['miss', at],
      ['load', { ...at, durationMs: 0, ok: true }],
      ['hit', { ...at, source, stale: false }],
      ['set', { ...at, ttlMs: 5000, stored: true, bytes: 0, compressed: false }],
      ['delete', at],
    ]);
    seen.length = 0;
    await cache.invalidateTags(['x', 'y']);
    await inner.clear();
    await cache.clear();
    expect(seen).toEqual([
      ['invalidated', { tags: ['x', 'y'], namespaces: [], source: 'own' }],
      ['invalidated', { tags: [], namespaces: ['a/b'], source: 'own' }],
      ['invalidated', { tags: [], namespaces: [''], source: 'own' }],
    ]);
  });

  it('has tells nothing', async () => {
    const { cache } = kind.open();
    await cache.set('a', 1);
    const seen = record(cache);
    await cache.has('a');
    await cache.has('b');
    expect(seen).toEqual([]);
  });

  it('a listener that throws or rejects harms nobody', async () => {
    const { lines, logger } = recordingLogger();
    const { cache } = kind.open({ logger });
    const told: string[] = [];
    cache.on('set', () => {
      throw new Error('secret in a listener');
    });
    cache.on('set', () => Promise.reject(new Error('secret in a listener')));
    cache.on('set', () => told.push('third'));
    await cache.set('a', 1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await cache.get('a')).toBe(1);
    expect(told).toEqual(['third']);
    const failures = lines.filter(({ level }) => level === 'error');
    expect(failures).toHaveLength(2);
    expect(JSON.stringify(lines)).not.toContain('secret');
  });

  it('on, once and off answer the cache, and refuse what is no event', async () => {
    const { cache } = kind.open();
    const told: string[] = [];
    const listener = () => told.push('on');
    expect(cache.on('set', listener).once('set', () => told.push('once'))).toBe(cache);
    await cache.set('a', 1);
    await cache.set('a', 1);
    expect(cache.off('set', listener)).toBe(cache);
    await cache.set('a', 1);
    expect(told).toEqual(['on', 'once', 'on']);
    const refused = expect.objectContaining({ code: CacheErrorCode.INVALID_CONFIGURATION });
    expect(() => cache.on('sets' as never, listener)).toThrow(refused);
    expect(() => cache.on('set', null as never)).toThrow(refused);
  });

  it('error without a listener is silent', async () => {
    const { cache, store, plain } = kind.open();
    for (const double of [store, plain])
      if (double !== undefined) double.before = () => Promise.reject(new Error('x'));
    expect(await cache.get('a', () => 1)).toBe(1);
  });
});

describe('what happens between processes', () => {
  it('is told with its source', async () => {
    const { cache, memory, clock } = twoTiers.open();
    const other = new CacheManager({ store: memory!.attach(), clock });
    const seen = record(other);
    await cache.invalidateTag('x');
    await cache.namespace('n').clear();
    await cache.delete('k');
    expect(seen).toEqual([
      ['invalidated', { tags: ['x'], namespaces: [], source: 'bus' }],
      ['invalidated', { tags: [], namespaces: ['n'], source: 'bus' }],
    ]);
  });

  it('tags of a cache with another prefix are not told of', async () => {
    const { cache, memory, clock } = twoTiers.open({ prefix: 'one' });
    const other = new CacheManager({ store: memory!.attach(), clock, prefix: 'two' });
    const seen = record(other);
    await cache.invalidateTag('x');
    expect(seen).toEqual([]);
  });

  it('a breaker and a flush are told of', async () => {
    const { cache, store } = twoTiers.open();
    const seen = record(cache);
    store!.before = () => Promise.reject(new Error('down'));
    for (let at = 0; at < 5; at++) await cache.get(`k${at}`, () => 1);
    store!.subscriber!.gap('lost');
    expect(seen.filter(([name]) => name === 'breaker' || name === 'flush')).toEqual([
      ['breaker', { state: 'open', cause: 'errors' }],
      ['flush', { cause: 'lost' }],
    ]);
    const errors = seen.filter(([name]) => name === 'error');
    expect(errors[0]).toEqual([
      'error',
      { error: expect.objectContaining({ code: 'STORE_FAILED' }), operation: 'read', key: 'k0' },
    ]);
  });

  it('what memory throws out is told of', async () => {
    const { cache, clock } = memoryKind.open({ l1: { maxEntries: 1 } });
    const seen: unknown[] = [];
    cache.on('evict', (event) => seen.push(event));
    await cache.set('a', 1);
    await cache.set('b', 1, 10);
    await clock.advance(60_000);
    expect(seen).toEqual([
      { key: 'a', namespace: '', cause: 'capacity' },
      { key: 'b', namespace: '', cause: 'expired' },
    ]);
  });

  it('caches side by side hear of one another by a bus of their own', async () => {
    const bus = new LocalBus();
    const [one, two] = [new CacheManager({ bus }), new CacheManager({ bus })];
    for (const cache of [one, two]) await cache.set('mine', 1, { tags: ['t'] });
    expect(await one.get('mine')).toBeNull();
    await one.set('mine', 1, { tags: ['t'] });
    await two.invalidateTag('t');
    expect(await one.get('mine')).toBeNull();
  });
});

describe('the log', () => {
  it('has every operation at debug, keys cut short and no values', async () => {
    const { lines, logger } = recordingLogger();
    const { cache } = memoryKind.open({ logger });
    const key = `user:${'x'.repeat(500)}`;
    await cache.set(key, 'secret value');
    await cache.get(key);
    await cache.get('other', () => 'secret value');
    await cache.delete(key);
    expect(new Set(lines.map(({ level }) => level))).toEqual(new Set(['debug']));
    expect(lines.map(({ message }) => message)).toEqual([
      'cache set',
      'cache hit',
      'cache miss',
      'cache load',
      'cache delete',
    ]);
    for (const { fields } of lines) expect(String(fields['key']).length).toBeLessThanOrEqual(128);
    expect(JSON.stringify(lines)).not.toContain('secret');
  });

  it('has faults at warn, without what others wrote into their errors', async () => {
    const { lines, logger } = recordingLogger();
    const { cache, store } = twoTiers.open({ logger });
    store!.before = () => Promise.reject(new Error('redis://user:secret@host failed'));
    await cache.get('a', () => 1);
    const warnings = lines.filter(({ level }) => level === 'warn');
    expect(warnings.length).toBeGreaterThan(0);
    expect(JSON.stringify(lines)).not.toContain('secret');
  });

  it('a store that is down does not flood it: the breaker is told of once, skipped calls are not', async () => {
    const { lines, logger } = recordingLogger();
    const { cache, store } = twoTiers.open({ logger });
    store!.before = () => Promise.reject(new Error('down'));
    for (let at = 0; at < 1000; at++) await cache.get(`k${at}`, () => 1);
    expect(lines.filter(({ level }) => level !== 'debug').length).toBeLessThan(50);
  });

  it("has a failed refresh without the source's own words", async () => {
    const { lines, logger } = recordingLogger();
    const { cache, clock } = memoryKind.open({ logger, ttl: 1, grace: 10 });
    await cache.set('a', 'old');
    await clock.advance(1500);
    expect(await cache.get('a', () => Promise.reject(new RangeError('secret of the source')))).toBe('old');
    await cache.flush();
    const warning = lines.find(({ level }) => level === 'warn');
    expect(warning?.fields).toMatchObject({ operation: 'refresh', error: 'RangeError' });
    expect(JSON.stringify(lines)).not.toContain('secret');
  });

  it('that throws harms nobody', async () => {
    const broken = () => {
      throw new Error('disk full');
    };
    const logger: Logger = { debug: broken, info: broken, warn: broken, error: broken };
    const { cache, store } = twoTiers.open({ logger });
    await cache.set('a', 1);
    store!.before = () => Promise.reject(new Error('down'));
    expect(await cache.get('b', () => 2)).toBe(2);
    await expect(cache.set('a', 2)).rejects.toMatchObject({
      code: CacheErrorCode.STORE_FAILED,
      details: { applied: 'unknown' },
    });
    store!.subscriber!.gap('lost');
    await cache.close();
  });
});
