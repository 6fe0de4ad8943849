import {
  larderGet,
  larderGetWithLoader,
  larderInsert,
  larderNamespaceGet,
  larderPeek,
  larderSet,
  larderTaggedGet,
} from './larder-subjects.ts';
import { lruCacheAwaitedGet, lruCacheGet, lruCacheInsert, lruCacheSet } from './lru-cache-subjects.ts';
import { mapAwaitedGet, mapGet, mapSet } from './map-subjects.ts';
import { larderMemory, lruCacheMemory, type MemorySubject, mapMemory } from './memory-subjects.ts';
import type { MicroGroup } from './micro-group.ts';
import { REDIS_GROUPS } from './redis-catalog.ts';

const MEMORY_GROUPS: readonly MicroGroup[] = [
  {
    name: 'awaited get, a hit',
    store: 'memory',
    work: 'read',
    members: [
      { name: 'await lru-cache get', subject: lruCacheAwaitedGet },
      { name: 'larder get', subject: larderGet, bound: 1.3 },
      { name: 'larder get with loader', subject: larderGetWithLoader, bound: 1.5 },
      { name: 'larder get in a namespace', subject: larderNamespaceGet },
      { name: 'larder get, tagged', subject: larderTaggedGet },
      { name: 'await Map get', subject: mapAwaitedGet },
    ],
  },
  {
    name: 'synchronous get, a hit',
    store: 'memory',
    work: 'read',
    members: [
      { name: 'lru-cache get', subject: lruCacheGet },
      { name: 'larder peek', subject: larderPeek, bound: 1.2 },
      { name: 'Map get', subject: mapGet },
    ],
  },
  {
    name: 'awaited set, overwriting',
    store: 'memory',
    work: 'overwrite',
    members: [
      { name: 'await lru-cache set', subject: lruCacheSet },
      { name: 'larder set', subject: larderSet },
      { name: 'await Map set', subject: mapSet },
    ],
  },
  {
    name: 'awaited set, evicting',
    store: 'memory',
    work: 'insert',
    members: [
      { name: 'await lru-cache set, evicting', subject: lruCacheInsert },
      { name: 'larder set, evicting', subject: larderInsert },
    ],
  },
];

/** Everything that is measured; a subject's process finds its own by its place in here. */
export const MICRO_GROUPS: readonly MicroGroup[] = [...MEMORY_GROUPS, ...REDIS_GROUPS];

export const MEMORY_SUBJECTS: Readonly<Record<string, MemorySubject>> = {
  larder: larderMemory,
  'lru-cache': lruCacheMemory,
  Map: mapMemory,
};
