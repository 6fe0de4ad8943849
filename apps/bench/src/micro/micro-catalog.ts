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
import type { MicroSubject } from './micro-subject.ts';

export interface MicroGroup {
  readonly name: string;
  /** What a round of it does. */
  readonly work: 'read' | 'overwrite' | 'insert';
  /** The first is the limit; it runs twice. */
  readonly members: readonly MicroMember[];
}

interface MicroMember {
  readonly name: string;
  readonly subject: MicroSubject;
  /** How many times the limit's CPU time it has promised to stay within. */
  readonly bound?: number;
}

/** What is measured beside what. A further peer is one more member. */
export const MICRO_GROUPS: readonly MicroGroup[] = [
  {
    name: 'awaited get, a hit',
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
    work: 'read',
    members: [
      { name: 'lru-cache get', subject: lruCacheGet },
      { name: 'larder peek', subject: larderPeek, bound: 1.2 },
      { name: 'Map get', subject: mapGet },
    ],
  },
  {
    name: 'awaited set, overwriting',
    work: 'overwrite',
    members: [
      { name: 'await lru-cache set', subject: lruCacheSet },
      { name: 'larder set', subject: larderSet },
      { name: 'await Map set', subject: mapSet },
    ],
  },
  {
    name: 'awaited set, evicting',
    work: 'insert',
    members: [
      { name: 'await lru-cache set, evicting', subject: lruCacheInsert },
      { name: 'larder set, evicting', subject: larderInsert },
    ],
  },
];

export const MEMORY_SUBJECTS: Readonly<Record<string, MemorySubject>> = {
  larder: larderMemory,
  'lru-cache': lruCacheMemory,
  Map: mapMemory,
};
