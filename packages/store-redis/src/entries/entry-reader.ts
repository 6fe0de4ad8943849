import { createHash } from 'node:crypto';
import { isCacheError } from '@larder/cache-core';
import type { Codec, Decoded, Seen, SharedEntry, UnreadableEntry } from '@larder/cache-core/store';
import type { ServerClock } from '../connection/server-clock.ts';
import { type EntryHeader, HEADER_BYTES, HeaderFlag, headerOf, readHeader, toAsOf } from './entry-header.ts';

/** So many bytes of each end stand for what cannot be read. */
const END_BYTES = 4096;

/** Makes entries of the bytes that the server holds. */
export class EntryReader {
  readonly #codec: Codec;
  readonly #serverClock: ServerClock;

  constructor(codec: Codec, serverClock: ServerClock) {
    this.#codec = codec;
    this.#serverClock = serverClock;
  }

  /** The server's time in microseconds, for {@link read}. */
  nowUs(): number {
    return this.#serverClock.nowUs();
  }

  /**
   * The entry under a key; null where there is none, or where its time is over.
   * @param key as it is in Redis: the envelope is bound to it
   * @param nowUs the server's time, where it is read once for many; 0 = not known
   */
  read(
    key: string,
    bytes: Buffer | null,
    nowUs = this.#serverClock.nowUs(),
  ): SharedEntry | UnreadableEntry | null | Promise<SharedEntry | UnreadableEntry | null> {
    if (bytes === null || bytes.length === 0) return null;
    const header = readHeader(bytes);
    if (typeof header === 'string') return { unreadable: header, seen: toSeen(bytes) };
    try {
      const decoded = this.#codec.decode(key, bytes, HEADER_BYTES);
      if (!(decoded instanceof Promise)) return this.#entry(header, decoded, bytes, nowUs);
      return decoded.then(
        (one) => this.#entry(header, one, bytes, nowUs),
        (error: unknown) => unreadable(error, bytes),
      );
    } catch (error) {
      return unreadable(error, bytes);
    }
  }

  #entry(header: EntryHeader, { value, meta }: Decoded, bytes: Buffer, nowUs: number): SharedEntry | null {
    const { ttlMs, graceMs, flags, writtenUs } = header;
    const ageMs = Math.max(0, (nowUs - writtenUs) / 1000);
    // Where the server's time is not known, nothing with an end passes for fresh.
    const isExpired = (flags & HeaderFlag.expired) !== 0;
    const isUncertain = nowUs === 0 && ttlMs !== Infinity;
    const freshMs = isExpired || isUncertain ? 0 : ttlMs - ageMs;
    const keptMs = isExpired ? graceMs - ageMs : ttlMs - ageMs + graceMs;
    if (keptMs <= 0) return null;
    const entry = {
      value,
      freshMs: Math.ceil(freshMs),
      keptMs: Math.ceil(keptMs),
      ttlMs,
      graceMs,
      loadMs: meta.loadMs,
      asOf: toAsOf(header),
      seen: toSeen(bytes),
      tags: meta.tags,
    };
    return (flags & HeaderFlag.versioned) === 0 ? entry : { ...entry, version: header.version };
  }
}

/** What the lease script compares: the header, or the length and the ends of bytes that have none. '' = saw nothing. */
export function seenToken(seen: Seen | undefined): Buffer | string {
  if (typeof seen === 'string') return seen;
  if (!Buffer.isBuffer(seen)) return '';
  const bytes: Buffer = seen;
  const header = headerOf(bytes);
  if (header !== '') return header;
  const hash = createHash('sha1').update(bytes.subarray(0, END_BYTES)).update(bytes.subarray(-END_BYTES));
  return `#${bytes.length}:${hash.digest('hex')}`;
}

/** What was seen is the bytes themselves: most readers never ask for the token. */
function toSeen(bytes: Buffer): Seen {
  return bytes as unknown as Seen;
}

function unreadable(error: unknown, bytes: Buffer): UnreadableEntry {
  const reason = isCacheError(error) ? error.details?.reason : undefined;
  return { unreadable: typeof reason === 'string' ? reason : 'payload', seen: toSeen(bytes) };
}
