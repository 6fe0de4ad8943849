import type { SharedEntry } from '@larder/cache-core/store';
import { type EntryHeader, HEADER_BYTES, isAsOf, type Moment } from '../entries/entry-header.ts';
import type { ReadQueue } from './read-queue.ts';

export interface Verdict {
  /** Whether the entry stands under all its tags. What is gone or unreadable does not. */
  readonly isValid: boolean;
  /** Header of the entry that was judged; '' where there was none. */
  readonly header: Buffer | string;
}

/** Tells whether entries are valid under the tags that they carry, which scripts cannot read. */
export class TagJudge {
  readonly #reads: ReadQueue;

  constructor(reads: ReadQueue) {
    this.#reads = reads;
  }

  async judge(addresses: readonly string[]): Promise<Verdict[]> {
    const { entries } = await this.#reads.read(addresses, []);
    const tags = [
      ...new Set(entries.flatMap((entry) => (entry !== null && 'tags' in entry ? entry.tags : []))),
    ];
    const { stamps } = await this.#reads.read([], tags);
    const current = new Map(tags.map((tag, index) => [tag, stamps[index] as Moment | null | undefined]));
    return entries.map((entry) => {
      if (entry === null) return { isValid: false, header: '' };
      const header = (entry.seen as unknown as Buffer).subarray(0, HEADER_BYTES);
      if (!('tags' in entry)) return { isValid: false, header };
      return { isValid: standsUnder(entry, current), header };
    });
  }
}

function standsUnder(entry: SharedEntry, current: ReadonlyMap<string, Moment | null | undefined>): boolean {
  const asOf = entry.asOf as unknown as EntryHeader;
  return entry.tags.every((tag) => {
    const stamp = current.get(tag);
    return stamp !== null && stamp !== undefined && isAsOf(asOf, stamp);
  });
}
