import type { BusOptions, BusSubscriber, BusSubscription, InvalidationBus } from '@larder/cache-core';
import { RedisConnection } from '../connection/redis-connection.ts';
import { ScriptRunner } from '../connection/script-runner.ts';
import { ServerClock } from '../connection/server-clock.ts';
import { KeyLayout } from '../key-layout.ts';
import {
  type RedisConnectionOptions,
  type RedisTargetArgument,
  resolveConnectionOptions,
} from '../redis-store-options.ts';
import { AnnouncementBus, type BusHealth } from './announcement-bus.ts';
import { newOrigin } from './own-announcements.ts';

/** Options of a {@link RedisBus}. The `prefix` is what all processes that are to hear one another must share. */
export type RedisBusOptions = RedisConnectionOptions;

/**
 * A bus over Redis for caches whose entries live elsewhere, or in memory alone: pass it as `bus`. A `RedisStore` has its own and
 * needs none.
 *
 * It keeps two keys in Redis, `<prefix>seq` and `<prefix>clear`, and opens two connections, when a cache first listens; both end
 * with the last cache on it. What Redis loses, a restart or an eviction too, empties memory and nothing else.
 *
 * Beside a `RedisStore` of the same prefix and database each hears what the other announces. That is harmless.
 */
export class RedisBus implements InvalidationBus {
  readonly announcedByStore = false;
  readonly #bus: AnnouncementBus;
  readonly #data: RedisConnection;

  /**
   * @param target a URL (`redis://`, `rediss://`), options, or an ioredis 5 or 6 client to take the connection's settings from
   * @throws CacheError `INVALID_CONFIGURATION`
   */
  constructor(target?: RedisTargetArgument, options?: RedisBusOptions) {
    const resolved = resolveConnectionOptions(target, options, 'RedisBus');
    const { clock, logger, prefix, connectTimeoutMs, silenceMs } = resolved;
    const parts = { target: resolved.target, clock, logger, connectTimeoutMs, silenceMs };
    this.#data = new RedisConnection({ ...parts, purpose: 'data' });
    this.#bus = new AnnouncementBus({
      data: this.#data,
      openSubscriber: () => new RedisConnection({ ...parts, purpose: 'bus' }),
      layout: new KeyLayout(prefix, resolved.target.database),
      origin: newOrigin(),
      clock,
      logger,
      runner: new ScriptRunner(this.#data),
      serverClock: new ServerClock(clock),
      announcedByStore: false,
    });
  }

  get health(): BusHealth {
    return this.#bus.health;
  }

  /**
   * Begins to listen, in the background and for as long as it takes to connect. `publish` rejects with STORE_UNAVAILABLE where
   * Redis cannot be reached, STORE_FAILED where it refuses, CLOSED after `close`.
   */
  subscribe(subscriber: BusSubscriber, options: BusOptions): BusSubscription {
    const isFirst = this.#bus.subscribers === 0;
    const subscription = this.#bus.subscribe(subscriber, options);
    // Where it fails, it goes on trying; whoever publishes is told.
    if (isFirst) this.#data.connect().catch(() => undefined);
    return {
      publish: (message) => subscription.publish(message),
      close: async () => {
        await subscription.close();
        if (this.#bus.subscribers === 0) await this.#data.disconnect();
      },
    };
  }
}
