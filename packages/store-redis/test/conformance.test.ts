import { describeStore } from '@larder/store-testkit/vitest';
import { Redis as Redis6 } from 'ioredis';
import { Redis as Redis5 } from 'ioredis-5';
import { afterAll } from 'vitest';
import { RedisStore, type RedisTargetArgument } from '../src/index.ts';
import { RedisBackends } from './redis-backend.ts';

/** The kit again by way of a client of each major version, whose settings the store takes over. */
const targets: Record<string, (url: string) => RedisTargetArgument> = {
  'RedisStore by URL': (url) => url,
  'RedisStore by a client of ioredis 6': (url) => new Redis6(url, { lazyConnect: true }),
  'RedisStore by a client of ioredis 5': (url) => new Redis5(url, { lazyConnect: true }),
};

for (const [name, target] of Object.entries(targets)) {
  const backends = await RedisBackends.start((url, options) => new RedisStore(target(url), options));
  afterAll(() => backends.stop());
  describeStore({ name, prepare: () => backends.prepare() });
}
