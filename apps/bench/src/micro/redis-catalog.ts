import { ioredisGet, ioredisGetMany, ioredisSet } from './ioredis-subjects.ts';
import {
  larderL1BeforeL2Get,
  larderL1BeforeL2GetWithLoader,
  larderL2Get,
  larderL2GetMany,
  larderL2GetWithLoader,
  larderL2Set,
} from './larder-redis-subjects.ts';
import { lruCacheAwaitedGet } from './lru-cache-subjects.ts';
import type { MicroGroup } from './micro-group.ts';
import { type RedisWork, roundOf } from './redis-work.ts';

const MANY = 64;
const KB = 1000;

/** What is measured beside the bare client. */
export const REDIS_GROUPS: readonly MicroGroup[] = [
  hits('200 B', { bytes: 200, shape: 'rows', atOnce: 1 }, roundOf(1500, 1000), 1.35),
  hits('200 B', { bytes: 200, shape: 'rows', atOnce: MANY }, roundOf(9600, 1000), 1.35),
  hits('10 KB', { bytes: 10 * KB, shape: 'rows', atOnce: 1 }, roundOf(1000, 1000), 1.2),
  hits('10 KB', { bytes: 10 * KB, shape: 'rows', atOnce: MANY }, roundOf(3200, 1000), 1.2),
  ...thorough(
    hits('10 KB of text', { bytes: 10 * KB, shape: 'text', atOnce: 1 }, roundOf(1000, 1000), 1.2),
    hits('10 KB of text', { bytes: 10 * KB, shape: 'text', atOnce: MANY }, roundOf(6400, 1000), 1.2),
    hits('100 KB', { bytes: 100 * KB, shape: 'rows', atOnce: 1 }, roundOf(200, 100), 1.2),
    hits('100 KB', { bytes: 100 * KB, shape: 'rows', atOnce: MANY }, roundOf(640, 100), 1.2),
  ),
  bulk('200 B', { bytes: 200, shape: 'rows', atOnce: 1 }, roundOf(20_000, 1000)),
  ...thorough(bulk('10 KB', { bytes: 10 * KB, shape: 'rows', atOnce: 1 }, roundOf(3000, 1000))),
  writes('200 B', { bytes: 200, shape: 'rows', atOnce: 1 }, roundOf(1000, 1000)),
  ...thorough(writes('200 B', { bytes: 200, shape: 'rows', atOnce: MANY }, roundOf(6400, 1000))),
  {
    name: 'hit in memory before Redis',
    store: 'redis',
    work: 'read',
    members: [
      { name: 'await lru-cache get', subject: lruCacheAwaitedGet },
      { name: 'larder get, L1 + L2', subject: larderL1BeforeL2Get },
      { name: 'larder get with loader, L1 + L2', subject: larderL1BeforeL2GetWithLoader },
    ],
  },
];

/** What a short run leaves out. */
function thorough(...groups: readonly MicroGroup[]): MicroGroup[] {
  return groups.map((group) => ({ ...group, thorough: true }));
}

type Round = NonNullable<MicroGroup['settings']>;

function hits(size: string, work: RedisWork, settings: Round, bound: number): MicroGroup {
  return {
    name: `hit in Redis, ${size}, ${inFlightText(work)}`,
    store: 'redis',
    work: 'read',
    settings,
    members: [
      { name: 'ioredis getBuffer + decode', subject: ioredisGet(work) },
      { name: 'larder get', subject: larderL2Get(work), bound },
      { name: 'larder get with loader', subject: larderL2GetWithLoader(work), bound },
    ],
  };
}

/** CPU time is that of one of the values. */
function bulk(size: string, work: RedisWork, settings: Round): MicroGroup {
  return {
    name: `100 hits in Redis by one call, ${size}, for each`,
    store: 'redis',
    work: 'read',
    settings,
    members: [
      { name: 'ioredis mgetBuffer + decode', subject: ioredisGetMany(work) },
      { name: 'larder getMany', subject: larderL2GetMany(work), bound: 1.25 },
    ],
  };
}

function writes(size: string, work: RedisWork, settings: Round): MicroGroup {
  return {
    name: `set in Redis, ${size}, ${inFlightText(work)}`,
    store: 'redis',
    work: 'overwrite',
    settings,
    members: [
      { name: 'ioredis encode + set PX', subject: ioredisSet(work) },
      { name: 'larder set', subject: larderL2Set(work) },
    ],
  };
}

function inFlightText({ atOnce }: RedisWork): string {
  return atOnce === 1 ? 'one at a time' : `${atOnce} at once`;
}
