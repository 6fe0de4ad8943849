import assert from 'node:assert/strict';
import type {
  EntryDraft,
  Lease,
  LeaseHeld,
  Seen,
  SharedEntry,
  SharedStore,
  StampName,
  UnreadableEntry,
} from '@larder/cache-core/store';

/** Long enough that no case sees its end, short enough to be gone soon. */
const LONG_MS = 60_000;

/** What is to be stored: without an end, under the root stamp alone, unless it says otherwise. */
export function draft(value: unknown, more: Partial<EntryDraft> = {}): EntryDraft {
  return { value, ttlMs: Infinity, graceMs: 0, loadMs: 0, stamps: [''], tags: [], ...more };
}

export async function write(store: SharedStore, key: string, entry: EntryDraft): Promise<void> {
  const [outcome] = await store.write([{ key, entry }]);
  assert.equal(outcome?.stored, true, `A write of ${key} was refused.`);
}

/** What stands there, valid or not; null for nothing. */
export async function entryAt(store: SharedStore, key: string): Promise<SharedEntry | null> {
  const [entry] = (await store.read([key], { stamps: [] })).entries;
  assert.ok(entry !== undefined, 'A read answers for each key.');
  assert.ok(entry === null || !('unreadable' in entry), `${key} could not be read.`);
  return entry;
}

/** The value of the entry where it is valid under these stamps and its tags, as the engine judges it; else undefined. */
export async function validAt(
  store: SharedStore,
  key: string,
  stamps: readonly StampName[] = [''],
): Promise<unknown> {
  const answer = await store.read([key], { stamps });
  const [entry] = answer.entries;
  if (entry === null || entry === undefined || 'unreadable' in entry) return undefined;
  const names = [...stamps, ...entry.tags];
  const standing = [...answer.stamps, ...(await store.stamps(entry.tags))];
  const isValid = names.every((name, at) => {
    const stamp = standing[at] ?? null;
    return stamp !== null && store.isCurrent(entry.asOf, name, stamp);
  });
  return isValid ? entry.value : undefined;
}

/** As {@link validAt}, and still within its time to live. */
export async function freshAt(
  store: SharedStore,
  key: string,
  stamps?: readonly StampName[],
): Promise<unknown> {
  const entry = await entryAt(store, key);
  return entry === null || entry.freshMs <= 0 ? undefined : validAt(store, key, stamps);
}

export interface Ask {
  readonly seen?: Seen;
  readonly stamps?: readonly StampName[];
  readonly leaseMs?: number;
}

/** Asks for a lease, and answers what comes. */
export async function ask(
  store: SharedStore,
  key: string,
  { seen, stamps = [''], leaseMs = LONG_MS }: Ask = {},
): Promise<Lease | SharedEntry | UnreadableEntry | LeaseHeld> {
  const request = seen === undefined ? { key } : { key, seen };
  const { answers, stamps: standing } = await store.lease([request], { stamps, leaseMs });
  assert.equal(answers.length, 1, 'One request, one answer.');
  assert.equal(standing.length, stamps.length, 'A stamp for each name.');
  assert.ok(
    standing.every((stamp) => stamp !== null && stamp !== undefined),
    'A missing stamp was not made anew.',
  );
  return answers[0]!;
}

/** Gets a lease, or fails. */
export async function obtain(store: SharedStore, key: string, options?: Ask): Promise<Lease> {
  const answer = await ask(store, key, options);
  assert.ok('lease' in answer, `No lease was given for ${key}: ${describe(answer)}.`);
  assert.equal(answer.key, key);
  return answer;
}

/**
 * Fills, and expects a refusal: the new value can be read by nobody. A store whose fence is `lease` has to say so; one
 * whose fence is `stamps` may not know.
 */
export async function expectRefused(
  store: SharedStore,
  lease: Lease,
  entry: EntryDraft,
  what: string,
): Promise<void> {
  const [outcome] = await store.fill([{ lease, entry }]);
  assert.notDeepEqual(
    await validAt(store, lease.key, entry.stamps),
    entry.value,
    `${what}: the fill can be read.`,
  );
  if (store.fence === 'lease')
    assert.equal(outcome?.stored, false, `${what}: the fill was reported as stored.`);
}

export async function expectStored(store: SharedStore, lease: Lease, entry: EntryDraft): Promise<void> {
  const [outcome] = await store.fill([{ lease, entry }]);
  assert.equal(outcome?.stored, true, 'A fill under a good lease was refused.');
  assert.ok(outcome.bytes >= 0, 'bytes is a number.');
  assert.equal(typeof outcome.compressed, 'boolean');
  assert.deepEqual(await validAt(store, lease.key, entry.stamps), entry.value, 'A fill cannot be read.');
}

function describe(answer: object): string {
  if ('held' in answer) return 'another is said to hold it';
  return 'unreadable' in answer ? 'something unreadable is there' : 'an entry is there';
}
