import { isCacheError } from '@larder/cache-core';
import type { Encoded, EntryDraft, Fill, Lease, StoreOutcome, Write } from '@larder/cache-core/store';
import { HEADER_BYTES, HeaderFlag, headerMs, readHeader } from '../entries/entry-header.ts';
import { StampList } from '../entries/stamp-list.ts';
import { FILL, WRITE } from '../scripts/entries.ts';
import { TooLate } from './announcer.ts';
import { type Backend, runScript } from './backend.ts';
import { bulkFailed, inChunks } from './in-chunks.ts';
import type { CoveringLease } from './leases.ts';
import type { TagJudge } from './tag-judge.ts';

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
/** A higher version that is found again and again under tags that move: whoever writes then has lost. */
const MAX_LOOKS = 3;

/** Stores entries: under a lease, or whatever is there. */
export class EntryWriter {
  readonly #backend: Backend;
  readonly #judge: TagJudge;

  constructor(backend: Backend, judge: TagJudge) {
    this.#backend = backend;
    this.#judge = judge;
  }

  fill(fills: readonly Fill[]): Promise<StoreOutcome[]> {
    const items = fills.map(({ lease, entry }) => ({ address: lease.key, draft: entry, lease }));
    return this.#store(items, (chunk) => this.#fill(chunk));
  }

  async write(writes: readonly Write[]): Promise<StoreOutcome[]> {
    await this.#backend.timeKnown();
    const items = writes.map(({ key, entry }) => ({ address: key, draft: entry, lease: null }));
    return this.#store(items, (chunk) => this.#write(chunk));
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

  /** Sends, and where a higher version with tags stands in the way looks whether that is still valid. */
  async #decided(
    chunk: readonly Outgoing[],
    send: (chunk: readonly Outgoing[]) => Promise<number[]>,
  ): Promise<number[]> {
    const answers = await send(chunk);
    for (let look = 0; look < MAX_LOOKS && answers.includes(UNDECIDED); look++) {
      const open = chunk.flatMap((item, place) => (answers[place] === UNDECIDED ? [{ item, place }] : []));
      const verdicts = await this.#judge.judge(open.map(({ item }) => item.address));
      const again = open.filter(({ item, place }, index) => {
        const verdict = verdicts[index]!;
        if (verdict.isValid) answers[place] = 0;
        else item.dead = verdict.header;
        return !verdict.isValid;
      });
      if (again.length === 0) break;
      const later = await send(again.map(({ item }) => item));
      again.forEach(({ place }, index) => {
        answers[place] = later[index]!;
      });
    }
    return answers;
  }

  async #fill(chunk: readonly Outgoing[]): Promise<number[]> {
    const { layout } = this.#backend;
    const list = new StampList(layout);
    const args = chunk.flatMap((item) => [item.lease!.lease, lateIn(item, list), ...argsOf(item, list)]);
    const keys = [...list.keys(), ...keysOf(this.#backend, chunk)];
    return (await runScript(this.#backend, FILL, keys, [list.size, ...args])) as number[];
  }

  #write(chunk: readonly Outgoing[]): Promise<number[]> {
    const { announcer, layout } = this.#backend;
    const list = new StampList(layout);
    const args = chunk.flatMap((item) => argsOf(item, list));
    const keys = [...list.keys(), ...keysOf(this.#backend, chunk)];
    const message = { keys: chunk.map(({ address }) => address), stamps: [] };
    return announcer.inTime((notAfterUs) =>
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

/** The header that begins these bytes; '' where none does. */
export function headerOf(bytes: Buffer): Buffer | string {
  return typeof readHeader(bytes) === 'string' ? '' : bytes.subarray(0, HEADER_BYTES);
}
