import { CacheError, CacheErrorCode } from '@larder/cache-core';
import type { ReadAnswer, SharedEntry, Stamp, StampName, UnreadableEntry } from '@larder/cache-core/store';
import type { CommandSender } from '../connection/script-runner.ts';
import type { EntryReader } from '../entries/entry-reader.ts';
import { StampReader } from '../entries/stamp-reader.ts';
import type { KeyLayout } from '../key-layout.ts';

/** More keys than this go in a further command, so that no single reply holds up the connection. */
const MAX_KEYS = 512;

/** One call of `read`. */
interface ReadRequest {
  readonly addresses: readonly string[];
  readonly names: readonly StampName[];
  /** Where its values begin in the batch. */
  readonly start: number;
  resolve(answer: ReadAnswer | Promise<ReadAnswer>): void;
  reject(error: unknown): void;
}

/** What one `MGET` asks for. */
class Batch {
  readonly keys: string[] = [];
  readonly requests: ReadRequest[] = [];
  /** Names of stamps, each once, with their place behind the values. */
  readonly stamps = new Map<StampName, number>();
}

/**
 * All reads of one tick go to the server together: one `MGET` for the values and, once each, the stamps they need. A lone read is
 * not delayed by it: the batch leaves as soon as the running code has returned.
 */
export class ReadQueue {
  readonly #sender: CommandSender;
  readonly #layout: KeyLayout;
  readonly #entries: EntryReader;
  readonly #stamps = new StampReader();
  /** Called before a batch leaves. */
  readonly #beforeSend: () => void;
  #open: Batch | null = null;
  readonly #flush = (): void => {
    const batch = this.#open;
    this.#open = null;
    if (batch !== null) this.#send(batch);
  };

  constructor(sender: CommandSender, layout: KeyLayout, entries: EntryReader, beforeSend: () => void) {
    this.#sender = sender;
    this.#layout = layout;
    this.#entries = entries;
    this.#beforeSend = beforeSend;
  }

  read(addresses: readonly string[], names: readonly StampName[]): Promise<ReadAnswer> {
    if (addresses.length === 0 && names.length === 0) return Promise.resolve({ entries: [], stamps: [] });
    if (addresses.length > MAX_KEYS) return this.#readInParts(addresses, names);
    return new Promise((resolve, reject) => {
      if (this.#open !== null && this.#open.keys.length + addresses.length > MAX_KEYS) this.#flush();
      if (this.#open === null) {
        this.#open = new Batch();
        process.nextTick(this.#flush);
      }
      const { keys, stamps, requests } = this.#open;
      const start = keys.length;
      for (const address of addresses) keys.push(this.#layout.value(address));
      for (const name of names) if (!stamps.has(name)) stamps.set(name, stamps.size);
      requests.push({ addresses, names, start, resolve, reject });
    });
  }

  /** The stamps are those of the first part: the oldest view of them is the safe one. */
  async #readInParts(addresses: readonly string[], names: readonly StampName[]): Promise<ReadAnswer> {
    const parts: Promise<ReadAnswer>[] = [];
    for (let start = 0; start < addresses.length; start += MAX_KEYS) {
      parts.push(this.read(addresses.slice(start, start + MAX_KEYS), start === 0 ? names : []));
    }
    const answers = await Promise.all(parts);
    return { entries: answers.flatMap(({ entries }) => entries), stamps: answers[0]!.stamps };
  }

  #send(batch: Batch): void {
    this.#beforeSend();
    const names = [...batch.stamps.keys()];
    const all = [...batch.keys, ...names.map((name) => this.#layout.stamp(name))];
    const fail = (error: unknown): void => {
      for (const { reject } of batch.requests) reject(error);
    };
    // In lower case: ioredis would lower it several times.
    this.#sender.send('mget', all).then((reply) => {
      try {
        this.#answer(batch, names, checkedReply(reply, all.length));
      } catch (error) {
        fail(error);
      }
    }, fail);
  }

  #answer(batch: Batch, names: readonly StampName[], reply: readonly (Buffer | null)[]): void {
    const { keys, stamps, requests } = batch;
    const nowUs = this.#entries.nowUs();
    const found = names.map((name, index) => this.#stamps.read(name, reply[keys.length + index] ?? null));
    for (const request of requests) {
      try {
        request.resolve(this.#answerOne(request, keys, stamps, found, reply, nowUs));
      } catch (error) {
        request.reject(error);
      }
    }
  }

  #answerOne(
    { addresses, names, start }: ReadRequest,
    keys: readonly string[],
    places: ReadonlyMap<StampName, number>,
    found: readonly (Stamp | null)[],
    reply: readonly (Buffer | null)[],
    nowUs: number,
  ): ReadAnswer | Promise<ReadAnswer> {
    const stamps = names.map((name) => found[places.get(name)!]!);
    const entries = new Array<SharedEntry | UnreadableEntry | null>(addresses.length);
    let pending: Promise<void>[] | undefined;
    for (let index = 0; index < addresses.length; index++) {
      const entry = this.#entries.read(keys[start + index]!, reply[start + index] ?? null, nowUs);
      if (entry instanceof Promise) {
        pending ??= [];
        pending.push(
          entry.then((decoded) => {
            entries[index] = decoded;
          }),
        );
      } else entries[index] = entry;
    }
    return pending === undefined
      ? { entries, stamps }
      : Promise.all(pending).then(() => ({ entries, stamps }));
  }
}

/** What is between us and the server, or is in its place, may answer anything. */
function checkedReply(reply: unknown, length: number): readonly (Buffer | null)[] {
  const isReply =
    Array.isArray(reply) &&
    reply.length === length &&
    reply.every((one: unknown) => one === null || Buffer.isBuffer(one));
  if (isReply) return reply;
  throw new CacheError(
    'Redis answered a read with something that is no answer to it. Is there a proxy in between, or another program?',
    CacheErrorCode.STORE_FAILED,
    { retryable: true },
  );
}
