import { RedisServer } from '@larder/store-testkit/services';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { checkCommands } from '../src/micro/command-check.ts';
import { replay } from '../src/replay/replay.ts';
import { waves } from '../src/replay/waves.ts';
import { RedisService } from '../src/store/redis-service.ts';
import { StoreServices } from '../src/store/store-services.ts';
import { subjectsOf } from '../src/subject/subjects.ts';
import { seededRandom } from '../src/workload/random.ts';
import { zipfRanks } from '../src/workload/zipf.ts';

let given: RedisServer;
beforeAll(async () => {
  given = await RedisServer.start({ password: 'not to be seen' });
});
afterAll(() => given?.stop());

describe('RedisService', { timeout: 30_000 }, () => {
  it('uses the server that was given, and leaves of it what was there before', async () => {
    await given.command('SET', 'somebody-elses', 'value');
    await given.command('SET', 'larder-bench:', 'value');
    const service = await RedisService.open(given.url);
    expect(service.facts).toMatchObject({ own: false, version: expect.stringMatching(/^\d+\.\d+/) });
    const [first, second] = [service.newPlace(), service.newPlace()];
    expect(first.prefix).toMatch(/^larder-bench:[0-9a-f]{12}:0:$/);
    for (let n = 0; n < 2500; n++) await given.command('SET', `${first.prefix}${n}`, 'x');
    await given.command('SET', `${second.prefix}k`, 'x');
    await service.clear(first);
    expect(await given.command('DBSIZE')).toBe(3);
    expect(await service.close()).toBeNull();
    expect(String(await given.command('KEYS', '*'))).toMatch(
      /^(somebody-elses,larder-bench:|larder-bench:,somebody-elses)$/,
    );
    expect((await given.commandCounts()).has('flushall')).toBe(false);
  });

  it('starts a server where none was given, and ends it', async () => {
    const service = await RedisService.open(undefined);
    const { url } = service.newPlace();
    expect(service.facts.own).toBe(true);
    expect(await service.close()).toBeNull();
    await expect(RedisService.open(url)).rejects.toThrow('REDIS_URL cannot be used');
  });

  it('says in one sentence why a server cannot be used, without its password', async () => {
    const wrong = given.url.replace('not%20to', 'secret%20to');
    const error: Error = await RedisService.open(wrong).then(
      () => new Error('opened'),
      (failure) => failure,
    );
    expect(error).toMatchObject({ name: 'UsageError', message: expect.stringContaining('WRONGPASS') });
    expect(error.message).not.toContain('secret');
  });

  it('names the ways to provide a server where there is none to be had', async () => {
    vi.stubEnv('REDIS_SERVER', '/no/such/program');
    try {
      await expect(RedisService.open(undefined)).rejects.toMatchObject({
        name: 'UsageError',
        message: expect.stringMatching(/REDIS_URL.*REDIS_SERVER/s),
      });
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('says what it could not remove', async () => {
    const server = await RedisServer.start();
    const service = await RedisService.open(server.url);
    await server.stop();
    expect(await service.close()).toMatch(
      /^keys that begin with larder-bench:[0-9a-f]{12}: could not be removed/,
    );
  });
});

describe('on Redis', { timeout: 60_000 }, () => {
  let services: StoreServices;
  beforeAll(async () => {
    vi.stubEnv('REDIS_URL', given.url);
    services = new StoreServices();
    await services.open(['redis']);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await services?.close();
  });
  const conditions = {
    maxEntries: 50,
    latencyMs: 1,
    valueBytes: 20,
    concurrency: 16,
    boundMs: Infinity,
    maxRequests: 4000,
    signal: new AbortController().signal,
    onProgress: () => undefined,
  };
  const subject = (name: string) =>
    subjectsOf(['redis'], services).find((kind) => kind.name === name) as NonNullable<
      ReturnType<typeof subjectsOf>[number]
    >;
  const driver = () => {
    const rank = zipfRanks(300)(seededRandom(3));
    return async ({ concurrency, stopped, request }: Parameters<typeof waves>[0]) => {
      const client = async () => {
        while (!stopped()) await request(`key-${rank()}`);
      };
      await Promise.all(Array.from({ length: concurrency }, client));
    };
  };

  it('finds each key again in the store, whatever memory has room for', async () => {
    const l2 = await replay(subject('larder, L2'), driver(), conditions);
    expect(l2).toMatchObject({ store: 'redis', lane: 'L2', storeErrors: 0, entries: 0 });
    expect(l2.l2Hits).toBe(l2.hits);
    const both = await replay(subject('larder, L1 + L2'), driver(), conditions);
    expect(both).toMatchObject({ lane: 'L1 + L2', storeErrors: 0, entries: 50 });
    expect(both.l2Hits).toBeGreaterThan(0);
    expect(both.hits).toBeGreaterThan(both.l2Hits);
    for (const { loads, hits, joins, requests } of [l2, both]) {
      expect(loads).toBeLessThanOrEqual(300);
      expect(hits + joins + loads).toBe(requests);
    }
  });

  it.each(['larder, L2', 'larder, L1 + L2'])(
    'loads once for a wave in %s, and never serves what was there before',
    async (name) => {
      const result = await replay(subject(name), waves, {
        ...conditions,
        maxRequests: Infinity,
        boundMs: 300,
      });
      expect(result.requests).toBeGreaterThan(100);
      expect(result.loads).toBeLessThanOrEqual(result.requests / 16 + 1);
    },
  );

  it('leaves nothing of a replay behind', async () => {
    const before = await given.command('DBSIZE');
    await replay(subject('ioredis by hand'), driver(), { ...conditions, maxRequests: 500 });
    await replay(subject('larder, L1 + L2'), driver(), { ...conditions, maxRequests: 500 });
    expect(await given.command('DBSIZE')).toBe(before);
  });

  it('has the server count one MGET and no script for a hit', async () => {
    const rows = await checkCommands(services.redis);
    expect(rows.map(({ commands, operations }) => [operations, commands.mget])).toEqual([
      [200, 200],
      [200, 200],
      [64, 1],
      [1, 1],
    ]);
    expect(rows.every(({ certain }) => certain)).toBe(true);
  });

  it('fails where a hit makes the server do anything else', async () => {
    const own = await RedisService.open(undefined);
    try {
      let asked = 0;
      own.commandCounts = async () =>
        new Map([
          ['mget', 200 * ++asked],
          ['evalsha', asked],
        ]);
      await expect(checkCommands(own)).rejects.toThrow('the server ran evalsha 1 times instead of 0');
    } finally {
      await own.close();
    }
  });
});
