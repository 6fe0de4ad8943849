import type {
  BulkAccess,
  BulkItem,
  CacheStore,
  Counters,
  KeyListing,
  RemoteServer,
  StoreCapabilities,
  StoreHealth,
  StoreHealthReport,
  TimeToLive,
} from '@larder/cache-core/store';
import { Codec } from '@larder/cache-core/store';
import { AnnouncementBus } from './bus/announcement-bus.ts';
import { newOrigin } from './bus/own-announcements.ts';
import { RedisConnection } from './connection/redis-connection.ts';
import { ScriptRunner } from './connection/script-runner.ts';
import { ServerClock, timeReply } from './connection/server-clock.ts';
import { EntryReader } from './entries/entry-reader.ts';
import { KeyLayout } from './key-layout.ts';
import { Sweeper } from './listing/sweeper.ts';
import { Announcer, FOREIGN_OPERATIONS } from './operations/announcer.ts';
import type { Backend } from './operations/backend.ts';
import { ReadQueue } from './operations/read-queue.ts';
import { RedisSharedStore } from './operations/redis-shared-store.ts';
import { PlainAccess } from './plain-access.ts';
import {
  type RedisStoreOptions,
  type RedisTargetArgument,
  type ResolvedRedisOptions,
  resolveRedisOptions,
} from './redis-store-options.ts';

/** Without a heartbeat the server's clock is read again after so long. */
const TIME_LIFE_MS = 1000;

/**
 * Entries in Redis: one server, which any number of processes share. Give it to a `CacheManager` for the guarantees; on its own it
 * is a plain store, whose keys are those of that cache's root.
 *
 * Nothing is connected before the first use, and nothing that Redis does can throw out of the background: a connection that is lost
 * is made again for as long as the store is not disconnected.
 *
 * @throws CacheError `INVALID_CONFIGURATION` from the constructor
 */
export class RedisStore
  implements CacheStore, BulkAccess, TimeToLive, Counters, KeyListing, StoreHealth, RemoteServer
{
  readonly capabilities: StoreCapabilities;
  readonly #data: RedisConnection;
  readonly #bus: AnnouncementBus;
  readonly #sweeper: Sweeper;
  readonly #access: PlainAccess;

  /** @param target a URL (`redis://`, `rediss://`), options, or an ioredis 5 or 6 client to take the connection's settings from */
  constructor(target?: RedisTargetArgument | RedisStoreOptions, options?: RedisStoreOptions) {
    const resolved = resolveRedisOptions(target, options);
    const { clock, logger, prefix } = resolved;
    const origin = newOrigin();
    const layout = new KeyLayout(prefix, resolved.target.database);
    const serverClock = new ServerClock(clock);
    const codec = new Codec(resolved.codec);
    const data = new RedisConnection({ ...connectionParts(resolved), purpose: 'data' });
    const runner = new ScriptRunner(data);
    const readTime = async (): Promise<void> => {
      const sentMs = clock.now();
      serverClock.learn(timeReply(await data.send('time', [])), sentMs);
    };
    const entries = new EntryReader(codec, serverClock);
    let isAsking = false;
    const askTime = (): void => {
      if (isAsking || clock.now() - serverClock.learntMs <= TIME_LIFE_MS) return;
      isAsking = true;
      readTime()
        .catch(() => undefined)
        .finally(() => {
          isAsking = false;
        });
    };
    // In the same tick and before the entries, so that its answer is there when they are judged.
    const reads = new ReadQueue(data, layout, entries, askTime);
    this.#bus = new AnnouncementBus({
      data,
      openSubscriber: () => new RedisConnection({ ...connectionParts(resolved), purpose: 'bus' }),
      layout,
      origin,
      clock,
      logger,
      runner,
      serverClock,
      announcedByStore: true,
    });
    const { own } = this.#bus;
    const delayLimitMs = resolved.writeDelayLimitMs;
    const announcer = new Announcer({ origin, own, clock, serverClock, delayLimitMs });
    this.#sweeper = new Sweeper({ sender: data, runner, layout, logger });
    const backend: Backend = {
      clock,
      codec,
      layout,
      runner,
      serverClock,
      entries,
      announcer,
      origin,
      timeKnown: async () => {
        if (!serverClock.isKnown) await readTime();
      },
      cleared: () => this.#sweeper.start(),
    };
    const shared = new RedisSharedStore(backend, reads);
    // What is done on the store itself is news for the caches on it, as if another process had done it.
    const beside = { origin: newOrigin(), own: FOREIGN_OPERATIONS };
    const besideAnnouncer = new Announcer({ ...beside, clock, serverClock, delayLimitMs });
    this.#access = new PlainAccess({
      shared: new RedisSharedStore({ ...backend, announcer: besideAnnouncer }, reads),
      sender: data,
      runner,
      layout,
      clock,
      timeoutMs: resolved.operationTimeoutMs,
      changed: (message) => this.#bus.tellHere(message),
    });
    this.#data = data;
    // Another server may answer after a reconnection.
    data.onClosed(() => serverClock.forget());
    this.capabilities = {
      shared,
      bus: this.#bus,
      bulk: this,
      timeToLive: this,
      counters: this,
      listing: this,
      health: this,
      remote: this,
      versions: true,
      persistent: true,
      limits: LIMITS,
    };
  }

  connect(): Promise<void> {
    return this.#data.connect();
  }

  /** Later calls reject with CLOSED until `connect()`. A client that was passed stays as it is. */
  async disconnect(): Promise<void> {
    const sweeping = this.#sweeper.stop();
    await this.#data.disconnect();
    await sweeping;
  }

  isConnected(): boolean {
    return this.#data.state === 'ready';
  }

  async get<T = unknown>(key: string): Promise<T | null> {
    const [value] = await this.#access.getMany([key]);
    return (value ?? null) as T | null;
  }

  async set<T>(key: string, value: T, ttl?: number): Promise<void> {
    await this.#access.set([{ key, value, ...(ttl === undefined ? {} : { ttl }) }]);
  }

  async delete(key: string): Promise<void> {
    await this.#access.delete([key]);
  }

  /** One step whatever it covers, namespaces of caches included; the space is given back in the background. */
  async clear(): Promise<void> {
    await this.#access.clear();
  }

  async getMany<T = unknown>(keys: readonly string[]): Promise<(T | null)[]> {
    return (await this.#access.getMany(keys)) as (T | null)[];
  }

  async setMany(items: readonly BulkItem[]): Promise<void> {
    await this.#access.set(items);
  }

  async deleteMany(keys: readonly string[]): Promise<void> {
    await this.#access.delete(keys);
  }

  ttl(key: string): Promise<number | null> {
    return this.#access.ttl(key);
  }

  /** As the contract says; an entry of a cache keeps its tags and its grace. 0 removes. */
  expire(key: string, ttl: number): Promise<boolean> {
    return this.#access.expire(key, ttl);
  }

  increment(key: string, by: number, ttl?: number): Promise<number> {
    return this.#access.increment(key, by, ttl);
  }

  /**
   * Keys of fresh entries that no `clear` has covered, those of namespaces of caches left out, as `SCAN` finds them (one that a tag
   * has killed may be among them): up to 100,000 are listed once each, a larger
   * store may name one twice while Redis resizes its table.
   */
  keys(pattern?: string): AsyncIterable<string> {
    return this.#access.keys(pattern ?? '*');
  }

  onReady(listener: () => void): () => void {
    return this.#data.onReady(listener);
  }

  health(): StoreHealthReport {
    return {
      connected: this.isConnected(),
      latencyMs: this.#data.latencyMs,
      details: { connection: this.#data.state, subscribed: this.#bus.health.subscribed },
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.disconnect();
  }
}

const LIMITS = [
  'A failover of Redis, or a restore from a snapshot, can lose invalidations that were acknowledged before.',
  'Redis ends entries by its own wall clock: one that is set ahead ends them early, one that is set back late.',
] as const;

function connectionParts({ target, clock, logger, connectTimeoutMs, silenceMs }: ResolvedRedisOptions) {
  return { target, clock, logger, connectTimeoutMs, silenceMs };
}
