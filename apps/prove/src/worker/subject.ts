import { setTimeout as sleep } from 'node:timers/promises';
import type { CacheManager, CacheView, GetOptions, LoadContext, Loader } from '@larder/cache-core';
import { ALL_KEYS, type ProvedKey, SPACES, spaceName, tagName } from '../keys/key-space.ts';
import type { Versions } from '../keys/versions.ts';
import { type Random, wholeBetween } from '../random.ts';
import type { Source } from './source.ts';

/** A key with all that is needed to read it: where it lives, how it is loaded, with which options. */
export interface Subject {
  readonly key: ProvedKey;
  readonly view: CacheView;
  readonly load: Loader<Versions>;
  readonly options: GetOptions;
}

/** @returns for each key its subject, in the order of the keys */
export function subjectsOf(cache: CacheManager, source: Source, random: Random): readonly Subject[] {
  const views = Array.from({ length: SPACES }, (_, space) =>
    space === 0 ? cache : cache.namespace(spaceName(space)),
  );
  return ALL_KEYS.map((key) => ({
    key,
    view: views[key.space] as CacheView,
    load: (context) => load(key, source, random, context),
    options: optionsOf(key, random),
  }));
}

/** Reads the source as slow sources are read: the answer is older when it comes than when it was made. */
async function load(key: ProvedKey, source: Source, random: Random, context: LoadContext): Promise<Versions> {
  await pause(random() < 0.5 ? 0 : wholeBetween(random, 1, 4));
  const versions = await source.read(key);
  if (key.kind === 'late') context.tags([tagName(key.group)]);
  if (key.kind === 'written') context.setOptions({ version: versions.own });
  await pause(slowness(random));
  return versions;
}

/** Mostly a few milliseconds; sometimes long enough for anything to happen meanwhile, and now and then past a lease. */
function slowness(random: Random): number {
  const luck = random();
  if (luck < 0.0005) return wholeBetween(random, 2100, 3000);
  if (luck < 0.02) return wholeBetween(random, 100, 400);
  return wholeBetween(random, 0, 10);
}

async function pause(ms: number): Promise<void> {
  if (ms > 0) await sleep(ms);
}

function optionsOf(key: ProvedKey, random: Random): GetOptions {
  const tags = [tagName(key.group)];
  switch (key.kind) {
    case 'written':
    case 'late':
      return {};
    case 'timed':
      return { tags, ttl: `${wholeBetween(random, 300, 4000)}ms` };
    case 'graced':
      return { tags, ttl: '1s', grace: '5s' };
    default:
      return { tags };
  }
}
