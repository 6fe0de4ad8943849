/*
 * A process of its own with a cache on Redis: takes commands over IPC, one after another or many at once, and answers each. The tests
 * bundle it with the sources (`live-workers.ts`).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { CacheManager, type CacheManagerOptions } from '@larder/cache-core';
import { RedisStore, type RedisStoreOptions } from '../src/index.ts';

/** What a worker is asked to do. */
export interface WorkerCommand {
  readonly id: number;
  readonly name: keyof typeof COMMANDS;
  readonly args: readonly unknown[];
}

interface OpenArguments {
  readonly url: string;
  readonly store: RedisStoreOptions;
  readonly cache: CacheManagerOptions;
}

let cache!: CacheManager;
let loads = 0;
const held = new Map<string, (value: unknown) => void>();

export const COMMANDS = {
  open: ({ url, store, cache: options }: OpenArguments) => {
    cache = new CacheManager({ ttl: '1m', ...options, store: new RedisStore(url, store) });
  },
  get: (key: string) => cache.get(key),
  peek: (key: string) => cache.peek(key) ?? null,
  set: (key: string, value: unknown) => cache.set(key, value),
  delete: (key: string) => cache.delete(key),
  clear: () => cache.clear(),
  tag: (tag: string) => cache.invalidateTag(tag),
  /** Whether the bus vouches for memory. */
  alive: async () => (await cache.healthCheck()).bus?.alive === true,
  stats: () => cache.stats(),
  /** Loads a value that takes a while. */
  load: (key: string, value: unknown, delayMs: number) =>
    cache.get(key, async () => {
      loads += 1;
      await sleep(delayMs);
      return value;
    }),
  /** Loads a value that comes when `answer` says so; the loader that runs says so by a message. */
  hold: (key: string) =>
    cache.get(key, () => {
      loads += 1;
      process.send?.({ loading: key });
      return new Promise((resolve) => held.set(key, resolve));
    }),
  answer: (key: string, value: unknown) => {
    held.get(key)?.(value);
  },
  /** Many gets of one key at once. Answers how many loads there were here, and when each get was answered, on the clock of the machine. */
  stampede: async (key: string, gets: number, delayMs: number, atMs: number) => {
    loads = 0;
    let loadedMs: number | null = null;
    await sleep(Math.max(0, atMs - Date.now()));
    const loader = async (): Promise<string> => {
      loads += 1;
      await sleep(delayMs);
      loadedMs = performance.timeOrigin + performance.now();
      return 'loaded';
    };
    const answers = await Promise.all(
      Array.from({ length: gets }, async () => {
        const value = await cache.get(key, loader);
        return { value, atMs: performance.timeOrigin + performance.now() };
      }),
    );
    return {
      loads,
      loadedMs,
      wrong: answers.filter(({ value }) => value !== 'loaded').length,
      answeredMs: answers.map(({ atMs: answeredMs }) => answeredMs),
    };
  },
  close: async () => {
    await cache.close();
    // What still keeps the process alive keeps it alive now, too.
    process.channel?.unref();
  },
} satisfies Record<string, (...args: never[]) => unknown>;

/** What the process dies of otherwise is told first: the test fails by it. */
process.on('uncaughtExceptionMonitor', (error) => process.send?.({ died: String(error) }));

async function obey({ id, name, args }: WorkerCommand): Promise<void> {
  try {
    const value = await (COMMANDS[name] as (...args: readonly unknown[]) => unknown)(...args);
    process.send?.({ id, value });
  } catch (error) {
    const { code, message, details } = error as { code?: string; message?: string; details?: unknown };
    process.send?.({ id, error: { code, message, details } });
  }
}

// Nobody is left to end it.
process.on('disconnect', () => process.exit());
process.on('message', (command: WorkerCommand) => void obey(command));
process.send?.({ ready: true });
