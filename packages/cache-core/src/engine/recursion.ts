import { CacheError } from '../errors/cache-error.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { shownKey } from '../key.ts';
import type { Place } from '../memory/place.ts';

/** What a loader is to bring: one key, or those of a batch. */
export interface Wanting {
  readonly place: Place;
  covers(key: string): boolean;
}

/** What is wanted of the loaders that are being called at this very moment. */
const calling: Wanting[] = [];

/** Calls a loader, and knows meanwhile that it does. */
export function callWatched<T>(wanting: Wanting, call: () => T): T {
  calling.push(wanting);
  try {
    return call();
  } finally {
    calling.pop();
  }
}

/**
 * Refuses a loader that asks for its own key and would wait for itself for ever. Seen as far as the loader runs before
 * it first waits for something: afterwards nobody can tell, at a bearable cost, who is asking.
 * @throws INVALID_CONFIGURATION
 */
export function refuseRecursion(place: Place, key: string): void {
  if (calling.length === 0 || !calling.some((one) => one.place === place && one.covers(key))) return;
  throw new CacheError(
    `The loader of '${shownKey(key)}' asks the cache for '${shownKey(key)}' itself, and would wait for its own end. ` +
      'Read the source in the loader, or use another key.',
    CacheErrorCode.INVALID_CONFIGURATION,
  );
}
