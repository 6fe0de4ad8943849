import { randomBytes } from 'node:crypto';
import { RedisServer } from '@larder/store-testkit/services';
import { Redis, type RedisOptions } from 'ioredis';
import { UsageError } from '../usage-error.ts';

/** Where a subject keeps its entries in Redis. */
export interface RedisPlace {
  readonly url: string;
  /** What every key of the subject begins with; nobody else's does. */
  readonly prefix: string;
}

/** What a report says of a server. */
export interface ServerFacts {
  /** `7.0.15` */
  readonly version: string;
  /** The run started it, for itself alone; otherwise it was given, and others may be using it. */
  readonly own: boolean;
}

/**
 * How a plain client is opened beside ours: what `RedisStore` sets where it costs or saves time (RESP2, no queue, no
 * auto-pipelining), so that both speak to the server in the same way.
 */
const PLAIN_CLIENT: RedisOptions = {
  lazyConnect: true,
  protocol: 2,
  enableOfflineQueue: false,
  enableReadyCheck: false,
  enableAutoPipelining: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  retryStrategy: null,
  disableClientInfo: true,
};

const CONNECT_TIMEOUT_MS = 3000;
const SCAN_COUNT = 1000;

/**
 * The Redis of one run: the one that `REDIS_URL` names, or a server of its own. On either every key begins with a prefix
 * that only this run has; what it leaves there is removed key by key, and nothing is ever flushed.
 */
export class RedisService {
  readonly facts: ServerFacts;
  readonly #url: string;
  readonly #server: RedisServer | null;
  readonly #admin: Redis;
  readonly #runPrefix = `larder-bench:${randomBytes(6).toString('hex')}:`;
  #places = 0;

  private constructor(url: string, server: RedisServer | null, admin: Redis, version: string) {
    this.#url = url;
    this.#server = server;
    this.#admin = admin;
    this.facts = { version, own: server !== null };
  }

  /**
   * @param url of a server to use; undefined = start one
   * @throws UsageError where there is none to be had, with the ways to provide one
   */
  static async open(url: string | undefined): Promise<RedisService> {
    const server = url === undefined ? await started() : null;
    const usedUrl = url ?? (server as RedisServer).url;
    try {
      const admin = await connected(usedUrl);
      const version = /^redis_version:(\S+)/m.exec(await admin.info('server'))?.[1] ?? 'of unknown version';
      return new RedisService(usedUrl, server, admin, version);
    } catch (error) {
      await server?.stop();
      throw new UsageError(
        `--store redis: the server ${url === undefined ? 'that was started' : 'of REDIS_URL'} cannot be used: ${messageOf(error)}`,
      );
    }
  }

  /** A prefix that nobody has used yet. */
  newPlace(): RedisPlace {
    return { url: this.#url, prefix: `${this.#runPrefix}${this.#places++}:` };
  }

  /** How often the server has run each command by now, whoever sent it; those that scripts ran are among them. */
  async commandCounts(): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    for (const [, name = '', calls] of (await this.#admin.info('commandstats')).matchAll(
      /^cmdstat_([^:]+):calls=(\d+)/gm,
    ))
      counts.set(name, Number(calls));
    return counts;
  }

  /** Removes every key of a place, others' keys untouched. What cannot be removed now is left for {@link close}. */
  async clear({ prefix }: Pick<RedisPlace, 'prefix'>): Promise<void> {
    await removeKeys(this.#admin, prefix).catch(() => undefined);
  }

  /**
   * Leaves nothing behind: the keys of this run go, or the server itself. Never rejects.
   * @returns what had to stay, for people; null = nothing
   */
  async close(): Promise<string | null> {
    this.#admin.disconnect();
    if (this.#server !== null) {
      await this.#server.stop();
      return null;
    }
    try {
      // Another connection: the first may have been lost on the way.
      const admin = await connected(this.#url);
      await removeKeys(admin, this.#runPrefix);
      admin.disconnect();
      return null;
    } catch (error) {
      return `keys that begin with ${this.#runPrefix} could not be removed from Redis: ${messageOf(error)}`;
    }
  }
}

async function removeKeys(client: Redis, prefix: string): Promise<void> {
  let cursor = '0';
  do {
    const [next, keys] = await client.scan(cursor, 'MATCH', `${prefix}*`, 'COUNT', SCAN_COUNT);
    if (keys.length > 0) await client.unlink(...keys);
    cursor = next;
  } while (cursor !== '0');
}

async function started(): Promise<RedisServer> {
  try {
    return await RedisServer.start();
  } catch (error) {
    throw new UsageError(
      `--store redis needs a Redis server, and none could be started. Name one in REDIS_URL, or: ${messageOf(error)}`,
    );
  }
}

/** A client that is connected; where that fails, with the reason rather than the client's own account of it. */
export async function connected(url: string): Promise<Redis> {
  const client = new Redis(url, { ...PLAIN_CLIENT, connectTimeout: CONNECT_TIMEOUT_MS });
  let reason: unknown;
  client.on('error', (error: unknown) => {
    reason ??= error;
  });
  try {
    await client.connect();
  } catch (error) {
    client.disconnect();
    throw reason ?? error;
  }
  return client;
}

function messageOf(error: unknown): string {
  return error instanceof Error && error.message !== ''
    ? error.message
    : String((error as { code?: string }).code);
}
