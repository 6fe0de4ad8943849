import type { SharedEntry, StampName } from '@larder/cache-core/store';
import { HEADER_BYTES, isAsOf, type Moment } from '../entries/entry-header.ts';
import type { ReadQueue } from './read-queue.ts';

/** Whose validity is in question. */
export interface Question {
  readonly address: string;
  /** The stamps that every entry in this place carries. */
  readonly stamps: readonly StampName[];
}

export interface Verdict {
  /** The version of an entry that stands under all its stamps; null where it does not, has none, is gone or unreadable. */
  readonly version: number | null;
  /** Header of the entry that was judged; '' where there was none. */
  readonly header: Buffer | string;
}

/** Tells whether entries are valid under all that they carry, which scripts cannot read. */
export class EntryJudge {
  readonly #reads: ReadQueue;

  constructor(reads: ReadQueue) {
    this.#reads = reads;
  }

  async judge(questions: readonly Question[]): Promise<Verdict[]> {
    const addresses = questions.map(({ address }) => address);
    const { entries } = await this.#reads.read(addresses, []);
    const carried = entries.map((entry, index) =>
      entry !== null && 'tags' in entry ? [...questions[index]!.stamps, ...entry.tags] : [],
    );
    const names = [...new Set(carried.flat())];
    const { stamps } = await this.#reads.read([], names);
    const current = new Map(names.map((name, index) => [name, stamps[index] as Moment | null | undefined]));
    return entries.map((entry, index) => {
      if (entry === null) return { version: null, header: '' };
      const header = (entry.seen as unknown as Buffer).subarray(0, HEADER_BYTES);
      if (!('tags' in entry) || !stands(entry, carried[index]!, current)) return { version: null, header };
      return { version: entry.version ?? null, header };
    });
  }
}

function stands(
  entry: SharedEntry,
  carried: readonly StampName[],
  current: ReadonlyMap<StampName, Moment | null | undefined>,
): boolean {
  return carried.every((name) => {
    const stamp = current.get(name);
    return stamp !== null && stamp !== undefined && isAsOf(entry.asOf as unknown as Moment, stamp);
  });
}
