import type { StoreOutcome } from '../contracts/shared-store.ts';
import { CacheError, isCacheError } from '../errors/cache-error.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { shownKey } from '../key.ts';
import { tooLarge } from '../memory/memory-store.ts';
import { checkValue } from '../value.ts';
import { checkLoaded } from './call-loader.ts';
import type { CallOptions } from './call-options.ts';
import { doubt, invalidate, mayHaveHappened } from './invalidate.ts';
import { keepsVersion } from './keep-loaded.ts';
import { keepInL1, needsEntry } from './l1.ts';
import { beginning } from './shared-read.ts';
import { Budget } from './store-calls.ts';
import { draftOf, lifeOf, ttlOf } from './stored-life.ts';
import type { View } from './view.ts';

/** One value to be stored. */
export interface WriteRequest {
  readonly key: string;
  readonly value: unknown;
  readonly options: CallOptions;
}

/** What became of one write. */
export type Written = StoreOutcome | { readonly error: unknown };

/**
 * Stores values, all in one call to the store. An answer for each, in order: stored, refused for a higher version, or
 * failed. Whatever is under way for a key is poisoned before and after (S4).
 */
export async function write(view: View, requests: readonly WriteRequest[]): Promise<Written[]> {
  const checked = await Promise.all(requests.map((request) => check(request)));
  const answers: Written[] = new Array(checked.length);
  const storing: Pending[] = [];
  for (const [index, request] of checked.entries()) {
    if (request.ttlMs > 0) storing.push({ ...request, index });
    else {
      answers[index] = await dropped(view, request.key);
      overtaken(request.key, answers[index]);
    }
  }
  if (view.hub.shared === null)
    for (const request of storing) answers[request.index] = writeToMemory(view, request);
  else await writeToStore(view, storing, answers);
  const announced = storing.filter(({ index }) => !('error' in answers[index]!));
  if (view.hub.bus !== null && announced.length > 0) {
    try {
      await view.hub.bus.announce({ keys: announced.map(({ key }) => view.place.address(key)), stamps: [] });
    } catch (error) {
      for (const { index } of announced) answers[index] = { error };
    }
  }
  return answers;

  /** What stood before a deletion of the same key in the list shares its fate. */
  function overtaken(key: string, fate: Written): void {
    for (let at = storing.length - 1; at >= 0; at--) {
      if (storing[at]!.key === key) answers[storing.splice(at, 1)[0]!.index] = fate;
    }
  }

  async function check({ key, value, options }: WriteRequest): Promise<Omit<Pending, 'index'>> {
    checkValue(key, value);
    return {
      key,
      value: await checkLoaded(key, value, options),
      options,
      ttlMs: ttlOf(options, view.hub.clock),
    };
  }
}

interface Pending extends WriteRequest {
  readonly ttlMs: number;
  readonly index: number;
}

/**
 * Stores one value at once where memory is all there is and nothing has to be waited for; null where something has.
 * @throws INVALID_VALUE
 */
export function writeAtOnce(view: View, key: string, value: unknown, options: CallOptions): Written | null {
  if (view.hub.leased || options.schema !== null) return null;
  checkValue(key, value);
  const ttlMs = ttlOf(options, view.hub.clock);
  if (ttlMs > 0) return writeToMemory(view, { key, value, options, ttlMs, index: 0 });
  view.hub.purgeAddress(view.place.address(key));
  return STORED;
}

/** A time to live of 0: the key is deleted. */
async function dropped(view: View, key: string): Promise<Written> {
  try {
    await invalidate(view, { keys: [view.place.address(key)], stamps: [], mode: 'delete', announce: true });
    return { stored: true, bytes: 0, compressed: false };
  } catch (error) {
    return { error };
  }
}

function writeToMemory(view: View, { key, value, options, ttlMs }: Pending): Written {
  const { hub, place } = view;
  if (!keepsVersion(view, key, options.version)) return { stored: false, bytes: 0, compressed: false };
  if (!hub.failures.isEmpty) hub.failures.delete(place.address(key));
  place.moveKey(key);
  try {
    const kept = needsEntry(view, options, options)
      ? hub.table.put(place, key, value, lifeOf(ttlMs, 0, beginning(view), options), true)
      : hub.table.putPlain(place, key, value, ttlMs);
    return kept ? STORED : { error: tooLarge(key, hub.table.maxBytesIn(place)) };
  } catch (error) {
    return { error };
  }
}

const STORED: StoreOutcome = { stored: true, bytes: 0, compressed: false };

async function writeToStore(view: View, requests: readonly Pending[], answers: Written[]): Promise<void> {
  if (requests.length === 0) return;
  const { hub, place, context } = view;
  const held = requests.map(({ key }) => {
    hub.purgeAddress(place.address(key));
    const watch = place.hold(key);
    watch.writes += 1;
    return watch;
  });
  const began = beginning(view);
  let outcomes: readonly StoreOutcome[] = [];
  let failure: ((position: number) => Written) | null = null;
  const uncertain = (): void =>
    doubt(view, { keys: requests.map(({ key }) => place.address(key)), stamps: [] });
  try {
    const writes = requests.map(({ key, value, options, ttlMs }) => ({
      key: place.address(key),
      entry: draftOf(place, value, ttlMs, 0, options),
    }));
    const budget = new Budget(hub.options.invalidationTimeoutMs);
    outcomes = await hub.shared!.call(
      'write',
      budget,
      context.counters.latency.storeWrite,
      (store) => store.write(writes),
      uncertain,
    );
  } catch (error) {
    failure = (position) => fateOf(error, position);
    if (mayHaveHappened(error)) uncertain();
  }
  if (!Array.isArray(outcomes)) outcomes = [];
  requests.forEach((request, position) => {
    const watch = held[position]!;
    const { generations } = hub.table;
    const tagsStand = request.options.tags.every((tag) => generations.tag(tag).movedAt <= began.asOf);
    const untouched = place.admits(watch, began.asOf) && watch.writes === 1 && tagsStand;
    watch.writes -= 1;
    hub.purgeAddress(place.address(request.key));
    place.release(request.key, watch);
    const outcome = outcomes[position];
    answers[request.index] = failure?.(position) ?? outcome ?? { error: unanswered(request.key) };
    if (untouched && outcome?.stored === true) {
      const life = lifeOf(request.ttlMs, 0, began, request.options);
      keepInL1(view, request.key, request.value, life, request.options);
    }
  });
}

/** What a failed call means for one of its writes: where the store says which have failed, the others are stored. */
function fateOf(error: unknown, position: number): Written {
  if (!isCacheError(error, CacheErrorCode.BULK_FAILED) || !Array.isArray(error.details.failed))
    return { error };
  return error.details.failed.includes(position) ? { error: error.cause ?? error } : STORED;
}

function unanswered(key: string): CacheError {
  return new CacheError(
    `The store did not say what became of '${shownKey(key)}'.`,
    CacheErrorCode.STORE_FAILED,
    {
      details: { applied: 'unknown' },
    },
  );
}
