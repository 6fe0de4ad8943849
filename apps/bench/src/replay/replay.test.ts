import { describe, expect, it } from 'vitest';
import { larder } from '../subject/larder.ts';
import { lruCache } from '../subject/lru-cache.ts';
import { noCache } from '../subject/no-cache.ts';
import type { SubjectKind } from '../subject/subject.ts';
import { seededRandom } from '../workload/random.ts';
import { TraceBuilder, traceWorkload } from '../workload/trace.ts';
import { zipfRanks } from '../workload/zipf.ts';
import { clients } from './clients.ts';
import { type ReplayConditions, replay } from './replay.ts';
import { waves } from './waves.ts';

const conditions: ReplayConditions = {
  maxEntries: 50,
  latencyMs: 1,
  valueBytes: 20,
  concurrency: 16,
  boundMs: Infinity,
  maxRequests: Infinity,
  signal: new AbortController().signal,
  onProgress: () => undefined,
};
const oneAtATime = { ...conditions, concurrency: 1, latencyMs: 0 };

function zipfTrace(requests: number) {
  const builder = new TraceBuilder();
  const rank = zipfRanks(500)(seededRandom(3));
  for (let n = 0; n < requests; n++) builder.add(`key-${rank()}`);
  return builder.build('zipf');
}

/** The hit ratio of least recently used, by the book. */
function exactLru(order: Uint32Array, capacity: number): number {
  const kept = new Map<number, true>();
  let hits = 0;
  for (const key of order) {
    if (kept.delete(key)) hits++;
    kept.set(key, true);
    if (kept.size > capacity) kept.delete(kept.keys().next().value as number);
  }
  return hits / order.length;
}

const broken = (answer: (key: string) => unknown): SubjectKind => ({
  ...noCache,
  name: 'broken',
  create: (source) => ({
    get: (key) => (key.startsWith('warm-up') ? source.read(key) : answer(key)),
    invalidate: () => undefined,
    counts: () => ({ hits: 0, l2Hits: 0, joins: 0, entries: 0, storeErrors: 0 }),
    close: () => undefined,
  }),
});

describe('replay', () => {
  it.each([larder, lruCache])('gives $name exactly the hits of LRU, one request at a time', async (kind) => {
    const trace = zipfTrace(20_000);
    const result = await replay(kind, clients(traceWorkload(trace)), oneAtATime);
    expect(result).toMatchObject({ end: 'complete', requests: 20_000, joins: 0, entries: 50 });
    expect(result.hitRatio).toBeCloseTo(exactLru(trace.order, 50), 10);
    expect(result.loadsSaved).toBeCloseTo(result.hitRatio, 10);
    expect(result.loads).toBe(result.requests - result.hits);
  });

  it('accounts for every request of many clients: a hit, a join or a load', async () => {
    const { requests, hits, joins, loads } = await replay(
      larder,
      clients(traceWorkload(zipfTrace(5000))),
      conditions,
    );
    expect(requests).toBe(5000);
    expect(hits + joins + loads).toBe(requests);
    expect(joins).toBeGreaterThan(0);
  });

  it('saves nothing without a cache', async () => {
    const result = await replay(noCache, clients(traceWorkload(zipfTrace(500))), conditions);
    expect(result).toMatchObject({ requests: 500, loads: 500, hitRatio: 0, loadsSaved: 0 });
  });

  it('loads once for a wave of requests in larder, and never serves what was there before', async () => {
    const result = await replay(larder, waves, { ...conditions, boundMs: 60 });
    expect(result.end).toBe('time');
    expect(result.requests).toBeGreaterThan(0);
    expect(result.loads).toBeLessThanOrEqual(result.requests / 16 + 1);
  });

  it('ends after as many requests as it may send', async () => {
    const result = await replay(larder, clients(traceWorkload(zipfTrace(5000))), {
      ...conditions,
      maxRequests: 123,
    });
    expect(result).toMatchObject({ end: 'complete', requests: 123 });
  });

  it('ends at its bound, even while it waits for a source that never answers', async () => {
    const result = await replay(larder, clients(traceWorkload(zipfTrace(500))), {
      ...conditions,
      latencyMs: 60_000,
      boundMs: 20,
    });
    expect(result).toMatchObject({ end: 'time', requests: 0 });
  });

  it('ends at once when it is stopped, with what it has', async () => {
    const stop = new AbortController();
    const replayed = replay(lruCache, clients(traceWorkload(zipfTrace(100_000))), {
      ...conditions,
      signal: stop.signal,
      onProgress: () => stop.abort(),
    });
    const result = await replayed;
    expect(result.end).toBe('interrupted');
    expect(result.requests).toBeGreaterThan(0);
    expect(result.requests).toBeLessThan(100_000);
  });

  it.each([
    ['nothing', () => null],
    ['the value of another key', () => ({ key: 'other', version: 0, body: 'x'.repeat(20) })],
    ['half a value', (key: string) => ({ key, version: 0, body: 'x' })],
  ])('fails at %s', async (_, answer) => {
    const replayed = replay(broken(answer), clients(traceWorkload(zipfTrace(100))), conditions);
    await expect(replayed).rejects.toMatchObject({ name: 'WrongValue' });
  });

  it('fails at a value that has been invalidated', async () => {
    const forgetful: SubjectKind = {
      ...lruCache,
      create: async (source, maxEntries) => ({
        ...(await lruCache.create(source, maxEntries)),
        invalidate: () => undefined,
      }),
    };
    await expect(replay(forgetful, waves, { ...conditions, maxEntries: 200 })).rejects.toThrow(
      "asked for version 2 of 'hot:0', answered was version 1",
    );
  });
});
