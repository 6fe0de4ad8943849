import { Redis } from 'ioredis';
import { type Component, sourceName } from '../keys/component.ts';
import type { ProvedKey } from '../keys/key-space.ts';
import { componentsOf, type Versions, versionsOf } from '../keys/versions.ts';

/** The source of truth: the version of every component, in a Redis of its own that nothing is done to. */
export class Source {
  readonly #redis: Redis;

  constructor(url: string) {
    this.#redis = new Redis(url, { lazyConnect: true });
    // A command that fails says so itself.
    this.#redis.on('error', () => undefined);
  }

  async connect(): Promise<void> {
    await this.#redis.connect();
  }

  /** All versions that a value of this key carries, of one moment. */
  async read(key: ProvedKey): Promise<Versions> {
    const found = await this.#redis.mget(componentsOf(key).map(sourceName));
    return versionsOf(key, found.map(Number));
  }

  /** Commits changes of these components, in one step; answers their new versions, in order. */
  async change(components: readonly Component[]): Promise<number[]> {
    const [only] = components;
    if (components.length === 1 && only !== undefined) return [await this.#redis.incr(sourceName(only))];
    const commands = components.map((component) => ['incr', sourceName(component)]);
    const replies = (await this.#redis.multi(commands).exec()) ?? [];
    return replies.map(([error, version]) => {
      if (error !== null) throw error;
      return version as number;
    });
  }

  close(): void {
    this.#redis.disconnect();
  }
}
