import { CacheManager, type CacheManagerOptions } from '@larder/cache-core';
import {
  FaultProxy,
  type ProxiedConnection,
  RedisServer,
  type RedisServerOptions,
  waitFor,
} from '@larder/store-testkit/services';
import { afterAll, afterEach, beforeAll, beforeEach, vi } from 'vitest';
import { RedisStore, type RedisStoreOptions } from '../src/index.ts';
import { KeyLayout } from '../src/key-layout.ts';
import { forbidUnhandledRejections } from './live-rejections.ts';
import { stopReaders } from './live-staleness.ts';

/** A store instance with the cache on it: behaves as a process of its own. */
export interface LiveProcess {
  readonly store: RedisStore;
  readonly cache: CacheManager;
}

export interface OpenOptions {
  /** Straight to the server, past the proxy. */
  readonly direct?: boolean;
  readonly url?: string;
  readonly prefix?: string;
  readonly store?: RedisStoreOptions;
  readonly cache?: Omit<CacheManagerOptions, 'store'>;
}

/** Room for a busy machine: a test that is about one of these limits sets it. */
const ROOMY_STORE: RedisStoreOptions = {
  connectTimeout: '5s',
  silenceLimit: '10s',
  operationTimeout: '5s',
  writeDelayLimit: '10s',
};
const ROOMY_CACHE = { ttl: '1m', storeTimeout: '5s', invalidationTimeout: '5s' } as const;
/** Each process for itself, nothing in memory: what the server's scripts alone guarantee. */
export const BARE = { l1: false, bus: false } as const;

/** How long a condition may take to come about, at most. */
const WAIT_MS = 10_000;

/** A subscriber's connection, as a proxy sees it. */
export const isBus = (connection: ProxiedConnection): boolean => connection.sent('subscribe');
export const isData = (connection: ProxiedConnection): boolean => !isBus(connection);

/** One server behind a proxy for all tests of a file, and a prefix of its own for each. */
export class LiveWorld {
  server!: RedisServer;
  proxy!: FaultProxy;
  prefix = '';
  layout!: KeyLayout;
  readonly #open: LiveProcess[] = [];
  #tests = 0;

  async start(options?: RedisServerOptions): Promise<void> {
    this.server = await RedisServer.start(options);
    this.proxy = await FaultProxy.start({ target: this.server.url });
  }

  begin(): void {
    this.#tests += 1;
    this.prefix = `live${this.#tests}:`;
    this.layout = new KeyLayout(this.prefix, 0);
  }

  open({ direct = false, url, prefix = this.prefix, store, cache }: OpenOptions = {}): LiveProcess {
    const target = url ?? (direct ? this.server.url : this.proxy.url);
    const opened = new RedisStore(target, { ...ROOMY_STORE, prefix, ...store });
    const process = { store: opened, cache: new CacheManager({ ...ROOMY_CACHE, ...cache, store: opened }) };
    this.#open.push(process);
    return process;
  }

  /** Opens one whose memory is served: the bus vouches for it. */
  async serving(options?: OpenOptions): Promise<LiveProcess> {
    const process = this.open(options);
    await process.cache.get('a key to begin with');
    await busAlive(process);
    return process;
  }

  /** Several of them. */
  many(count: number, options?: OpenOptions): Promise<LiveProcess[]> {
    return Promise.all(Array.from({ length: count }, () => this.serving(options)));
  }

  /** Whatever has been done to the server is undone, and all caches are closed. */
  async end(): Promise<void> {
    const stopped = stopReaders();
    this.proxy.resume({ discard: true });
    await this.proxy.accept();
    if (this.server.running) await this.server.resume();
    else await this.server.restart();
    await stopped;
    await Promise.all(this.#open.splice(0).map(({ cache }) => cache.close({ deadline: '2s' })));
  }

  async stop(): Promise<void> {
    await this.proxy.stop();
    await this.server.stop();
  }
}

/** Hooks in a world for the file that calls it, in which no rejection goes unhandled (P13). */
export function liveWorld(options?: RedisServerOptions): LiveWorld {
  const world = new LiveWorld();
  vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });
  forbidUnhandledRejections();
  beforeAll(() => world.start(options));
  beforeEach(() => world.begin());
  afterEach(() => world.end());
  afterAll(() => world.stop());
  return world;
}

/** Resolves when the bus vouches for what the process has in memory. */
export async function busAlive({ cache }: LiveProcess): Promise<void> {
  const alive = async (): Promise<boolean> => (await cache.healthCheck()).bus?.alive === true;
  await waitFor(alive, { what: 'the bus to vouch for memory', timeoutMs: WAIT_MS });
}

/** Resolves when `listener` has heard all that `sender` has announced so far. */
export async function heardAll(sender: LiveProcess, listener: LiveProcess): Promise<void> {
  const tag = `heard ${Math.random()}`;
  let heard = false;
  listener.cache.on('invalidated', ({ tags }) => {
    heard ||= tags.includes(tag);
  });
  await sender.cache.invalidateTag(tag);
  await waitFor(() => heard, { what: 'the bus to deliver', timeoutMs: WAIT_MS });
}

export async function until(condition: () => unknown, what: string): Promise<void> {
  await waitFor(async () => Boolean(await condition()), { what, timeoutMs: WAIT_MS });
}
