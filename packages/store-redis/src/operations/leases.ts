import type {
  AsOf,
  Lease,
  LeaseAnswers,
  LeaseHeld,
  LeaseOptions,
  LeaseRequest,
  Seen,
  SharedEntry,
  Stamp,
  StampName,
  UnreadableEntry,
} from '@larder/cache-core/store';
import { HEADER_BYTES, parseMoment } from '../entries/entry-header.ts';
import { seenToken } from '../entries/entry-reader.ts';
import { StampList } from '../entries/stamp-list.ts';
import { toStamp } from '../entries/stamp-reader.ts';
import { LEASE, RELEASE, RENEW } from '../scripts/lease.ts';
import { runScript } from '../scripts/run-script.ts';
import type { Backend } from './backend.ts';
import { inChunks } from './in-chunks.ts';

/** A lease of this store, with the stamps that it was taken under. */
export interface CoveringLease extends Lease {
  readonly covers: readonly StampName[];
}

type Answer = CoveringLease | SharedEntry | UnreadableEntry | LeaseHeld;

/** Leases: who may replace what was seen. */
export class Leases {
  readonly #backend: Backend;
  #given = 0;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  async lease(requests: readonly LeaseRequest[], options: LeaseOptions): Promise<LeaseAnswers> {
    await this.#backend.timeKnown();
    let stamps: readonly Stamp[] = [];
    const answers = await inChunks(requests, async (chunk) => {
      const part = await this.#lease(chunk, options);
      // Of several scripts the first has the oldest view, which is the safe one.
      if (stamps.length === 0) stamps = part.stamps;
      return part.answers;
    });
    return { answers, stamps };
  }

  async renew(leases: readonly Lease[], leaseMs: number): Promise<boolean[]> {
    const { layout, runner } = this.#backend;
    const answers = await inChunks(leases, async (chunk) => {
      const keys = chunk.map(({ key }) => layout.lease(key));
      const reply = await runner.run(RENEW, keys, [leaseMs, ...chunk.map(({ lease }) => lease)]);
      return reply as number[];
    });
    return answers.map((answer) => answer === 1);
  }

  async release(leases: readonly Lease[]): Promise<void> {
    const { layout, runner } = this.#backend;
    await inChunks(leases, async (chunk) => {
      const keys = chunk.map(({ key }) => layout.lease(key));
      await runner.run(
        RELEASE,
        keys,
        chunk.map(({ lease }) => lease),
      );
      return [];
    });
  }

  async #lease(requests: readonly LeaseRequest[], { stamps, leaseMs }: LeaseOptions): Promise<LeaseAnswers> {
    const { layout, codec, origin } = this.#backend;
    const list = new StampList(layout);
    list.add(stamps);
    const keys = requests.flatMap(({ key }) => [layout.value(key), layout.lease(key)]);
    const asked = requests.flatMap(({ seen }) => [this.#nextId(origin), seenToken(seen)]);
    const maxBytes = codec.maxEntryBytes + HEADER_BYTES;
    const args = [list.size, leaseMs, maxBytes, ...asked];
    const reply = await runScript(this.#backend, LEASE, [...list.keys(), ...keys], args);
    const [asOfText, made, found] = reply as [Buffer, Buffer[], Buffer[][]];
    const asOf = parseMoment(String(asOfText)) as unknown as AsOf;
    const answers = await Promise.all(
      found.map((one, index) => this.#answer(requests[index]!.key, one, asOf, stamps)),
    );
    return { answers, stamps: inOrder(stamps, list, made) };
  }

  async #answer(
    key: string,
    [kind, content]: Buffer[],
    asOf: AsOf,
    covers: readonly StampName[],
  ): Promise<Answer> {
    switch (String(kind)) {
      case 'lease':
        return { lease: String(content), key, asOf, covers };
      case 'held':
        return { held: true, heldMs: Math.max(0, Number(String(content))) };
      case 'unreadable':
        return { unreadable: 'header', seen: tokenOf(content!) };
      default: {
        const { entries, layout } = this.#backend;
        // Its time may be over by now: nobody is served by waiting for it.
        return (await entries.read(layout.value(key), content!)) ?? GONE;
      }
    }
  }

  #nextId(origin: string): string {
    this.#given += 1;
    return `${origin}-${this.#given}`;
  }
}

/** Whoever gets it asks again. */
const GONE: LeaseHeld = { held: true, heldMs: 0 };

/** The stamps in the order of the names; the script has the root first, and each name once. */
function inOrder(names: LeaseOptions['stamps'], list: StampList, made: readonly Buffer[]): Stamp[] {
  return names.map((name) => {
    const index = name === '' ? 0 : Number(list.add([name]));
    return toStamp(String(made[index]))!;
  });
}

/** The token of what nobody can read, as the script gave it: text, or a header in bytes. */
function tokenOf(content: Buffer): Seen {
  const isText = content[0] === 0x23;
  return (isText ? content.toString('latin1') : content) as unknown as Seen;
}
