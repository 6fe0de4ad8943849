import { isCacheError } from '@larder/cache-core';
import type { Encoded, EntryDraft, Fill, Lease, StoreOutcome, Write } from '@larder/cache-core/store';
import { HEADER_BYTES, HeaderFlag, headerMs } from '../entries/entry-header.ts';
import { StampList } from '../entries/stamp-list.ts';
import { FILL, WRITE } from '../scripts/entries.ts';
import { RELEASE } from '../scripts/lease.ts';
import { runScript } from '../scripts/run-script.ts';
import { TooLate } from './announcer.ts';
import type { Backend } from './backend.ts';
import type { EntryJudge } from './entry-judge.ts';
import { bulkFailed, inChunks } from './in-chunks.ts';
import type { CoveringLease } from './leases.ts';

/** One entry on its way into the store. */
interface Outgoing {
  readonly index: number;
  readonly address: string;
  readonly draft: EntryDraft;
  readonly encoded: Encoded;
  /** Null for a write. */
  readonly lease: Lease | null;
  /** Header of the entry that stands there, where that is known to be dead. */
  dead: Buffer | string;
}

const STORED = 1;
const UNDECIDED = 2;
const OUTRANKED = 3;
/** A higher version that is found again and again, though invalid: whoever writes then has lost. */
const MAX_LOOKS = 3;

/** Stores entries: under a lease, or whatever is there. */
export class EntryWriter {
  readonly #backend: Backend;
  readonly #judge: EntryJudge;

  constructor(backend: Backend, judge: EntryJudge) {
    this.#backend = backend;
    this.#judge = judge;
  }

  fill(fills: readonly Fill[]): Promise<StoreOutcome[]> {
    const items = fills.map(({ lease, entry }) => ({ address: lease.key, draft: entry, lease }));
    return this.#store(items, (chunk) => this.#fill(chunk));
  }

  write(writes: readonly Write[]): Promise<StoreOutcome[]> {
    const untilMs = this.#backend.announcer.deadlineMs();
    const items = writes.map(({ key, entry }) => ({ address: key, draft: entry, lease: null }));
    return this.#store(items, (chunk) => this.#write(chunk, untilMs));
  }

  async #store(
    items: readonly { readonly address: string; readonly draft: EntryDraft; readonly lease: Lease | null }[],
    send: (chunk: readonly Outgoing[]) => Promise<number[]>,
  ): Promise<StoreOutcome[]> {
    if (items.length === 0) return [];
    const failed: number[] = [];
    let cause: unknown;
    const encoded = await Promise.allSettled(items.map(({ address, draft }) => this.#encode(address, draft)));
    const outgoing: Outgoing[] = [];
    encoded.forEach((one, index) => {
      if (one.status === 'fulfilled')
        outgoing.push({ ...items[index]!, index, encoded: one.value, dead: '' });
      else {
        failed.push(index);
        cause ??= one.reason;
      }
    });
    // A value that cannot be stored is its own fault, not the store's.
    if (outgoing.length === 0 && failed.length > 0) throw cause;
    const outcomes = new Array<StoreOutcome>(items.length);
    try {
      const stored = await inChunks(outgoing, (chunk) => this.#decided(chunk, send));
      outgoing.forEach((item, place) => {
        outcomes[item.index] = outcomeOf(item, stored[place] === STORED);
      });
    } catch (error) {
      if (failed.length === 0) throw error;
      cause = error;
      const some = isCacheError(error) ? (error.details.failed as number[] | undefined) : undefined;
      for (const place of some ?? outgoing.keys()) failed.push(outgoing[place]!.index);
    }
    if (failed.length > 0)
      throw bulkFailed(
        failed.sort((one, other) => one - other),
        items.length,
        cause,
      );
    return outcomes;
  }

  async #encode(address: string, draft: EntryDraft): Promise<Encoded> {
    const { codec, layout } = this.#backend;
    return codec.encode(layout.value(address), draft.value, draft, draft.compress);
  }

  /** Sends, and where a higher version stands in the way looks whether that is still valid. */
  async #decided(
    chunk: readonly Outgoing[],
    send: (chunk: readonly Outgoing[]) => Promise<number[]>,
  ): Promise<number[]> {
    const answers = await send(chunk);
    for (let look = 0; look < MAX_LOOKS && answers.includes(UNDECIDED); look++) {
      const open = chunk.flatMap((item, place) => (answers[place] === UNDECIDED ? [{ item, place }] : []));
      const questions = open.map(({ item }) => ({ address: item.address, stamps: item.draft.stamps }));
      const verdicts = await this.#judge.judge(questions);
      const again = open.filter(({ item, place }, index) => {
        const { version, header } = verdicts[index]!;
        if (version !== null && version > item.draft.version!) {
          answers[place] = OUTRANKED;
          return false;
        }
        // Valid, but no longer higher: it is looked at once more.
        item.dead = version === null ? header : '';
        return true;
      });
      if (again.length === 0) break;
      const later = await send(again.map(({ item }) => item));
      again.forEach(({ place }, index) => {
        answers[place] = later[index]!;
      });
    }
    await this.#endLeases(chunk.filter((_, place) => answers[place]! >= UNDECIDED));
    return answers;
  }

  /** A script that could not decide has left the lease where it was. */
  async #endLeases(refused: readonly Outgoing[]): Promise<void> {
    const { layout, runner } = this.#backend;
    const leases = refused.flatMap(({ lease }) => lease ?? []);
    if (leases.length === 0) return;
    const keys = leases.map(({ key }) => layout.lease(key));
    const ids = leases.map(({ lease }) => lease);
    // Where that fails it runs out by itself.
    await runner.run(RELEASE, keys, ids).catch(() => undefined);
  }

  async #fill(chunk: readonly Outgoing[]): Promise<number[]> {
    const { layout } = this.#backend;
    const list = new StampList(layout);
    const args = chunk.flatMap((item) => [item.lease!.lease, lateIn(item, list), ...argsOf(item, list)]);
    const keys = [...list.keys(), ...keysOf(this.#backend, chunk)];
    return (await runScript(this.#backend, FILL, keys, [list.size, ...args])) as number[];
  }

  async #write(chunk: readonly Outgoing[], untilMs: number): Promise<number[]> {
    const { announcer, layout } = this.#backend;
    await this.#backend.timeKnown();
    const list = new StampList(layout);
    const args = chunk.flatMap((item) => argsOf(item, list));
    const keys = [...list.keys(), ...keysOf(this.#backend, chunk)];
    const message = { keys: chunk.map(({ address }) => address), stamps: [] };
    return announcer.inTime(untilMs, (notAfterUs) =>
      announcer.mutate(message, async (text) => {
        const reply = await runScript(this.#backend, WRITE, keys, [list.size, text, notAfterUs, ...args]);
        return Array.isArray(reply) ? (reply as number[]) : new TooLate(Number(String(reply)));
      }),
    );
  }
}

function keysOf({ layout }: Backend, chunk: readonly Outgoing[]): string[] {
  return chunk.flatMap(({ address }) => [layout.value(address), layout.lease(address)]);
}

/** Indexes of the tags that the lease did not cover. */
function lateIn({ draft, lease }: Outgoing, list: StampList): string {
  const covered = (lease as CoveringLease).covers;
  return list.add(draft.tags.filter((tag) => !covered.includes(tag)));
}

/** What a script is told of an entry; see `scripts/entries.ts`. */
function argsOf({ draft, encoded, dead }: Outgoing, list: StampList): (string | number | Buffer)[] {
  const { ttlMs, graceMs, version, stamps, tags } = draft;
  const flags =
    (encoded.counter ? HeaderFlag.counter : 0) |
    (version === undefined ? 0 : HeaderFlag.versioned) |
    (tags.length > 0 ? HeaderFlag.tagged : 0);
  return [
    list.add(stamps, tags),
    headerMs(ttlMs),
    headerMs(graceMs),
    flags,
    version ?? 0,
    dead,
    encoded.bytes,
  ];
}

function outcomeOf({ encoded }: Outgoing, stored: boolean): StoreOutcome {
  return {
    stored,
    bytes: encoded.bytes.length + HEADER_BYTES,
    compressed: encoded.compressed,
  };
}
