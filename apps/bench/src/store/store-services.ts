import { RedisService, type ServerFacts } from './redis-service.ts';
import type { StoreName } from './store-name.ts';

/** The servers of one run. Memory needs none. */
export class StoreServices {
  #redis: RedisService | null = null;

  /** Starts or reaches what these stores need. @throws UsageError where there is nothing to be reached */
  async open(stores: readonly StoreName[]): Promise<void> {
    if (stores.includes('redis')) this.#redis = await RedisService.open(process.env.REDIS_URL || undefined);
  }

  get redis(): RedisService {
    if (this.#redis === null) throw new Error('the Redis of this run has not been opened');
    return this.#redis;
  }

  /** What the report says of them. */
  facts(): Readonly<Record<string, ServerFacts>> {
    return this.#redis === null ? {} : { redis: this.#redis.facts };
  }

  /** Never rejects. @returns what had to be left behind, for people; null = nothing */
  async close(): Promise<string | null> {
    const left = (await this.#redis?.close()) ?? null;
    this.#redis = null;
    return left;
  }
}
