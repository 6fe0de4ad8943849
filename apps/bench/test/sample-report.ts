import type { MicroRow } from '../src/micro/micro-result.ts';
import type { ReplayResult } from '../src/replay/replay-result.ts';
import type { Report } from '../src/report/report.ts';

/** A report as a run would make it, with figures that can be told apart. */
export function sampleReport(): Report {
  return {
    format: 2,
    startedAt: '2026-01-02T03:04:05.678Z',
    seconds: 41.2,
    interrupted: false,
    failure: null,
    machine: { node: 'v20.19.0', v8: '11.3', platform: 'linux x64', cpus: 2, memoryBytes: 8e9 },
    servers: { redis: { version: '7.0.15', own: true } },
    options: {
      scenarios: ['trace', 'micro'],
      trace: 'sample.txt.gz',
      stores: ['memory', 'redis'],
      durationMs: null,
      size: 1376,
      latencyMs: 2,
      concurrency: 48,
      valueBytes: 200,
      seed: 1,
    },
    scenarios: [
      {
        kind: 'replay',
        name: 'trace',
        description: 'The trace <sample> & more',
        distinctKeys: 13_756,
        maxEntries: 1376,
        results: [replayResult('larder', 0.606, 0.687), replayResult('lru-cache', 0.608, 0.608), onRedis()],
        oneAtATime: [{ subject: 'larder', requests: 95_607, hitRatio: 0.685 }],
      },
      {
        kind: 'micro',
        name: 'micro',
        store: 'memory',
        commands: [],
        rows: [
          microRow('lru get', 1, null),
          microRow('larder get', 1.084, 1.3),
          microRow('larder peek', 1.342, 1.2),
        ],
        memory: [
          { subject: 'larder', bytesPerEntry: 107.2, entries: 100_000 },
          { subject: 'lru-cache', bytesPerEntry: 80, entries: 100_000 },
        ],
      },
      {
        kind: 'micro',
        name: 'micro',
        store: 'redis',
        rows: [
          {
            ...microRow('ioredis getBuffer', 1, null),
            group: 'hit in Redis, 200 B',
            limit: 'ioredis getBuffer',
          },
          {
            ...microRow('larder get', 1.111, 1.35),
            group: 'hit in Redis, 200 B',
            limit: 'ioredis getBuffer',
          },
        ],
        memory: [],
        commands: [{ operation: 'get, a hit', operations: 200, commands: { mget: 200 }, certain: true }],
      },
    ],
  };
}

function replayResult(subject: string, hitRatio: number, loadsSaved: number): ReplayResult {
  const requests = 95_607;
  const latency = { meanMs: 1, p50Ms: 0.004_75, p90Ms: 2, p99Ms: 8.41, p999Ms: 9, maxMs: 10 };
  return {
    subject,
    store: 'memory',
    lane: 'L1',
    end: 'complete',
    requests,
    seconds: 2,
    throughput: 41_700,
    hits: Math.round(requests * hitRatio),
    l2Hits: 0,
    joins: Math.round(requests * (loadsSaved - hitRatio)),
    loads: Math.round(requests * (1 - loadsSaved)),
    hitRatio,
    loadsSaved,
    latency: {
      ...latency,
      curve: [
        [0, 0.001],
        [50, 0.004_75],
        [99, 8.41],
        [99.99, 10],
      ],
    },
    entries: 1376,
    storeErrors: 0,
    memoryBytes: 608_000,
  };
}

function onRedis(): ReplayResult {
  const result = replayResult('larder, L1 + L2', 0.75, 0.76);
  return {
    ...result,
    store: 'redis',
    lane: 'L1 + L2',
    l2Hits: Math.round(result.requests * 0.25),
    storeErrors: 3,
  };
}

function microRow(subject: string, median: number, bound: number | null): MicroRow {
  const ratio = { min: median - 0.2, q1: median - 0.1, median, q3: median + 0.1, max: median + 0.2 };
  const cpuNs = { min: 90, q1: 95, median: 100 * median, q3: 110, max: 120 };
  const wallNs = { min: 900, q1: 1000, median: 1234 * median, q3: 1500, max: 1600 };
  const sizes = { entries: 10_000, operationsPerRound: 100_000 };
  return {
    group: 'get',
    subject,
    limit: 'lru get',
    ratio,
    cpuNs,
    wallNs,
    bound,
    control: false,
    rounds: 9,
    ...sizes,
  };
}
