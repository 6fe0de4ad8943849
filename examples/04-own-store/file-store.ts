import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CacheError, CacheErrorCode, type CacheStore, isCacheError } from '@larder/cache-core';
import {
  Codec,
  checkKey,
  checkValue,
  durationMs,
  patternMatcher,
  type StoreCapabilities,
} from '@larder/cache-core/store';

const ENTRY = /^[0-9a-f]{64}\.entry$/;
const META = { ttlMs: Infinity, graceMs: 0, loadMs: 0 };

/** The value's bytes say which key and which end they belong to: neither can be changed, or moved, unnoticed. */
const addressOf = (key: string, untilMs: number): string => `${untilMs} ${key}`;

/** Entries as files in a folder, one for each key. Several processes may use one folder. */
export class FileStore implements CacheStore {
  readonly capabilities: StoreCapabilities = {
    persistent: true,
    listing: this,
    // To change a time to live the whole file would have to be written again, over what another process may just have
    // stored or deleted. So `timeToLive` is not announced.
    limits: [
      'Times to live are counted by the wall clock.',
      'A file stays after its end, until its key is used again.',
    ],
  };
  readonly #folder: string;
  readonly #codec = new Codec();
  #state: 'new' | 'open' | 'closed' = 'new';

  constructor(folder: string) {
    this.#folder = folder;
  }

  async connect(): Promise<void> {
    await this.#do(() => mkdir(this.#folder, { recursive: true }));
    this.#state = 'open';
  }

  async disconnect(): Promise<void> {
    this.#state = 'closed';
  }

  isConnected(): boolean {
    return this.#state === 'open';
  }

  async get<T = unknown>(key: string): Promise<T | null> {
    checkKey(key);
    await this.#ready();
    return this.#do(async () => ((await this.#read(this.#file(key), key))?.value as T | undefined) ?? null);
  }

  async set<T>(key: string, value: T, ttl?: number): Promise<void> {
    checkValue(checkKey(key), value);
    const ttlMs = ttl === undefined ? Infinity : durationMs(ttl, 'ttl');
    await this.#ready();
    if (ttlMs === 0) return this.delete(key);
    const untilMs = Date.now() + ttlMs;
    const { bytes } = await this.#codec.encode(addressOf(key, untilMs), value, META);
    const header = Buffer.from(`${JSON.stringify([key, String(untilMs)])}\n`);
    await this.#do(() => this.#replace(this.#file(key), Buffer.concat([header, bytes])));
  }

  async delete(key: string): Promise<void> {
    checkKey(key);
    await this.#ready();
    await this.#do(() => rm(this.#file(key), { recursive: true, force: true }));
  }

  async clear(): Promise<void> {
    await this.#ready();
    const own = (await this.#do(() => readdir(this.#folder))).filter((name) => ENTRY.test(name));
    for (const name of own)
      await this.#do(() => rm(join(this.#folder, name), { recursive: true, force: true }));
  }

  async *keys(pattern = '*'): AsyncIterable<string> {
    const matches = patternMatcher(pattern);
    await this.#ready();
    for (const name of await this.#do(() => readdir(this.#folder))) {
      if (!ENTRY.test(name)) continue;
      const entry = await this.#do(() => this.#read(join(this.#folder, name)));
      if (entry !== null && matches(entry.key)) yield entry.key;
    }
  }

  /** Hashed: a key may be longer than a file name, hold a slash, or differ from another in its case alone. */
  #file(key: string): string {
    return join(this.#folder, `${createHash('sha256').update(key).digest('hex')}.entry`);
  }

  /** What is there and still fresh. Whatever cannot be read is nothing: it may be damaged, or somebody else's. */
  async #read(
    file: string,
    expectedKey?: string,
  ): Promise<{ readonly key: string; readonly value: unknown } | null> {
    try {
      const content = await readFile(file);
      const headerEnd = content.indexOf('\n');
      const [key, until] = JSON.parse(content.toString('utf8', 0, headerEnd)) as [string, string];
      if (file !== this.#file(key) || (expectedKey ?? key) !== key || Date.now() >= Number(until))
        return null;
      const decoded = await this.#codec.decode(
        addressOf(key, Number(until)),
        content.subarray(headerEnd + 1),
      );
      return { key, value: decoded.value };
    } catch (error) {
      const { code } = error as { readonly code?: string };
      const isNothing = error instanceof SyntaxError || error instanceof TypeError || isCacheError(error);
      if (isNothing || code === 'ENOENT' || code === 'EISDIR') return null;
      throw error;
    }
  }

  /** A reader sees the old file or the new one, never half of one. */
  async #replace(file: string, content: Buffer): Promise<void> {
    const draft = `${file}.${randomUUID()}`;
    try {
      await writeFile(draft, content);
      await rename(draft, file).catch(async () => {
        await rm(file, { recursive: true, force: true });
        await rename(draft, file);
      });
    } finally {
      await rm(draft, { force: true });
    }
  }

  async #ready(): Promise<void> {
    if (this.#state === 'closed')
      throw new CacheError(
        'This FileStore is disconnected. Call connect() to use it again.',
        CacheErrorCode.CLOSED,
      );
    if (this.#state === 'new') await this.connect();
  }

  async #do<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      const { code } = cause as { readonly code?: string };
      throw new CacheError(
        `The folder of a FileStore cannot be used (${code}). Look at its rights and its disk.`,
        CacheErrorCode.STORE_FAILED,
        { cause, retryable: true, details: { applied: 'unknown' } },
      );
    }
  }
}
