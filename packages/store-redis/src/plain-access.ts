import { type BusMessage, CacheError, CacheErrorCode, type Clock } from '@larder/cache-core';
import {
  type BulkItem,
  checkKey,
  checkValue,
  durationMs,
  patternMatcher,
  type SharedEntry,
  type SharedStore,
  Watchdog,
  wholeNumber,
} from '@larder/cache-core/store';
import type { CommandSender, ScriptRunner } from './connection/script-runner.ts';
import type { KeyLayout } from './key-layout.ts';
import { globOf } from './listing/glob-pattern.ts';
import { walkKeys } from './listing/key-walk.ts';
import { runScript } from './scripts/run-script.ts';
import { ALIVE } from './scripts/sweep.ts';

/** Every entry of the store itself stands under the root stamp alone. */
const ROOT = [''] as const;
/** So many keys are remembered, lest one be listed twice. */
const MAX_LISTED = 100_000;

/**
 * The store without a cache in front of it: get, set and the like, in terms of the shared operations. Keys are those of the root;
 * entries of namespaces are not seen from here, but cleared along.
 */
export class PlainAccess {
  readonly #shared: SharedStore;
  readonly #sender: CommandSender;
  readonly #runner: ScriptRunner;
  readonly #layout: KeyLayout;
  readonly #watchdog: Watchdog;
  readonly #timeoutMs: number;
  readonly #changed: (message: BusMessage) => void;

  constructor(parts: {
    readonly shared: SharedStore;
    readonly sender: CommandSender;
    readonly runner: ScriptRunner;
    readonly layout: KeyLayout;
    readonly clock: Clock;
    readonly timeoutMs: number;
    /** Tells the caches on this store instance, which took no part in it. Called before and after a change. */
    readonly changed: (message: BusMessage) => void;
  }) {
    this.#shared = parts.shared;
    this.#sender = parts.sender;
    this.#runner = parts.runner;
    this.#layout = parts.layout;
    this.#watchdog = new Watchdog(parts.clock);
    this.#timeoutMs = parts.timeoutMs;
    this.#changed = parts.changed;
  }

  async getMany(keys: readonly string[]): Promise<unknown[]> {
    const entries = await this.#fresh(keys);
    return entries.map((entry) => entry?.value ?? null);
  }

  async set(items: readonly BulkItem[]): Promise<void> {
    const writes = items.map(({ key, value, ttl }) => {
      checkValue(checkKey(key), value);
      const ttlMs = ttl === undefined ? Infinity : durationMs(ttl, 'ttl');
      const entry = { value, ttlMs, graceMs: 0, loadMs: 0, stamps: ROOT, tags: [] };
      return { key: addressOf(key), entry };
    });
    // In the order of the list, the last of a key decides.
    const last = new Map(writes.map((write) => [write.key, write]));
    const kept = [...last.values()];
    const dropped = kept.filter(({ entry }) => entry.ttlMs === 0).map(({ key }) => key);
    const stored = kept.filter(({ entry }) => entry.ttlMs > 0);
    const work: Promise<unknown>[] = [];
    if (dropped.length > 0) work.push(this.#shared.invalidate({ keys: dropped, stamps: [], mode: 'delete' }));
    if (stored.length > 0) work.push(this.#write(stored, writes));
    await this.#change('set', { keys: [...last.keys()], stamps: [] }, Promise.all(work));
  }

  async delete(keys: readonly string[]): Promise<void> {
    const addresses = keys.map((key) => addressOf(checkKey(key)));
    if (addresses.length === 0) return;
    const work = this.#shared.invalidate({ keys: addresses, stamps: [], mode: 'delete' });
    await this.#change('delete', { keys: addresses, stamps: [] }, work);
  }

  async clear(): Promise<void> {
    const work = this.#shared.invalidate({ keys: [], stamps: ROOT, mode: 'delete' });
    await this.#change('clear', { keys: [], stamps: ROOT }, work);
  }

  async ttl(key: string): Promise<number | null> {
    const [entry] = await this.#fresh([key]);
    return entry === null || entry === undefined ? null : entry.freshMs / 1000;
  }

  async expire(key: string, ttl: number): Promise<boolean> {
    const ttlMs = durationMs(ttl, 'ttl');
    const [entry] = await this.#fresh([key]);
    if (entry === null || entry === undefined) return false;
    if (ttlMs === 0) {
      await this.delete([key]);
      return true;
    }
    const { seen, graceMs, tags } = entry;
    const request = { key: addressOf(key), seen, ttlMs, graceMs, stamps: tags };
    const work = this.#shared.retime!([request]);
    const [done] = await this.#change('expire', { keys: [request.key], stamps: [] }, work);
    return done === true;
  }

  async increment(key: string, by: number, ttl: number | undefined): Promise<number> {
    const step = wholeNumber(by, 'by', { min: Number.MIN_SAFE_INTEGER });
    const ttlMs = ttl === undefined ? Infinity : durationMs(ttl, 'ttl');
    const request = { key: addressOf(checkKey(key)), by: step, ttlMs, stamps: ROOT, tags: [] };
    const work = this.#shared.increment!(request);
    return this.#change('increment', { keys: [request.key], stamps: [] }, work);
  }

  async *keys(pattern: string): AsyncGenerator<string> {
    const matches = patternMatcher(pattern);
    const parts = { layout: this.#layout, runner: this.#runner };
    const listed = new Set<string>();
    const start = this.#layout.value(':');
    for await (const batch of walkKeys(this.#sender, this.#layout.glob(':', globOf(pattern)), start)) {
      const found = batch
        .map((bytes) => bytes.toString('utf8'))
        .filter((key) => !listed.has(key) && matches(key.slice(start.length)));
      if (found.length === 0) continue;
      const alive = (await runScript(parts, ALIVE, found, [])) as number[];
      for (const [index, key] of found.entries()) {
        if (alive[index] !== 1) continue;
        if (listed.size < MAX_LISTED) listed.add(key);
        yield key.slice(start.length);
      }
    }
  }

  /** Entries that are fresh and valid under their tags, in order. */
  async #fresh(keys: readonly string[]): Promise<(SharedEntry | null)[]> {
    const addresses = keys.map((key) => addressOf(checkKey(key)));
    if (addresses.length === 0) return [];
    return this.#guard('read', this.#valid(addresses));
  }

  async #valid(addresses: readonly string[]): Promise<(SharedEntry | null)[]> {
    const { entries, stamps } = await this.#shared.read(addresses, { stamps: ROOT });
    const root = stamps[0] ?? null;
    const known = entries.map((entry) => {
      if (entry === null || 'unreadable' in entry || entry.freshMs <= 0 || root === null) return null;
      return this.#shared.isCurrent(entry.asOf, '', root) ? entry : null;
    });
    const tags = [...new Set(known.flatMap((entry) => entry?.tags ?? []))];
    if (tags.length === 0) return known;
    const moved = await this.#shared.stamps(tags);
    const byName = new Map(tags.map((tag, index) => [tag, moved[index] ?? null]));
    return known.map((entry) => {
      const stands = entry?.tags.every((tag) => {
        const stamp = byName.get(tag) ?? null;
        return stamp !== null && this.#shared.isCurrent(entry.asOf, tag, stamp);
      });
      return stands === true ? entry : null;
    });
  }

  async #write(
    stored: Parameters<SharedStore['write']>[0],
    all: readonly { readonly key: string }[],
  ): Promise<void> {
    try {
      await this.#shared.write(stored);
    } catch (error) {
      throw inPlacesOf(error, stored, all);
    }
  }

  async #change<T>(operation: string, message: BusMessage, work: Promise<T>): Promise<T> {
    this.#changed(message);
    try {
      return await this.#guard(operation, work);
    } finally {
      this.#changed(message);
    }
  }

  #guard<T>(operation: string, work: Promise<T>): Promise<T> {
    const limitMs = this.#timeoutMs;
    return this.#watchdog.guard(
      work,
      limitMs,
      () =>
        new CacheError(`Redis did not ${operation} within ${limitMs} ms.`, CacheErrorCode.OPERATION_TIMEOUT, {
          retryable: true,
          details: { applied: 'unknown', limitMs },
        }),
    );
  }
}

function addressOf(key: string): string {
  return `:${key}`;
}

/** The failure of some writes, with the places that they have in the caller's list. */
function inPlacesOf(
  error: unknown,
  stored: readonly { readonly key: string }[],
  all: readonly { readonly key: string }[],
): unknown {
  if (!(error instanceof CacheError) || error.code !== CacheErrorCode.BULK_FAILED) return error;
  const keys = new Set((error.details.failed as number[]).map((place) => stored[place]?.key));
  const failed = all.flatMap(({ key }, index) => (keys.has(key) ? [index] : []));
  return new CacheError(error.message, CacheErrorCode.BULK_FAILED, {
    cause: error.cause,
    retryable: error.retryable,
    details: { ...error.details, failed },
  });
}
