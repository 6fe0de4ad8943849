import { connect } from 'node:net';
import { RedisServer } from '@larder/store-testkit/services';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bulk, FakeRedis } from './live-fake-redis.ts';
import { failureOf, timed } from './live-loader.ts';
import { BARE, type LiveProcess, liveWorld, until } from './live-world.ts';

const world = liveWorld();
const SHORT = { storeTimeout: '250ms', invalidationTimeout: '400ms' } as const;

let fake: FakeRedis;
beforeAll(async () => {
  fake = await FakeRedis.start();
});
afterAll(() => fake.stop());

const now = (): string => {
  const us = String(Date.now() * 1000);
  return `*2\r\n${bulk(us.slice(0, 10))}${bulk(us.slice(10))}`;
};

function openFake(cache: object = {}): LiveProcess {
  fake.heard.length = 0;
  return world.open({ url: fake.url, cache: { ...SHORT, ...BARE, ...cache } });
}

describe('F15 replies of a server that is not in a state to answer', () => {
  const replies = [
    ['-LOADING Redis is loading the dataset in memory', 'STORE_UNAVAILABLE', 'no'],
    ['-MASTERDOWN Link with MASTER is down', 'STORE_UNAVAILABLE', 'no'],
    ['-BUSY Redis is busy running a script.', 'STORE_UNAVAILABLE', 'no'],
    ['-TRYAGAIN Multiple keys request during rehashing of slot', 'STORE_UNAVAILABLE', 'no'],
    ['-MOVED 3999 127.0.0.1:6381', 'STORE_FAILED', 'no'],
    ['-ASK 3999 127.0.0.1:6381', 'STORE_FAILED', 'no'],
    ['-CLUSTERDOWN Hash slot not served', 'STORE_FAILED', 'no'],
    ['-NOAUTH Authentication required.', 'STORE_UNAVAILABLE', 'no'],
    ['-NOPERM this user has no permissions', 'STORE_FAILED', 'unknown'],
    ['-OOM command not allowed when used memory > maxmemory.', 'STORE_FAILED', 'no'],
    ['-MISCONF Redis is configured to save RDB snapshots', 'STORE_FAILED', 'no'],
    ['-NOREPLICAS Not enough good replicas to write.', 'STORE_FAILED', 'no'],
    ['-EXECABORT Transaction discarded because of previous errors.', 'STORE_FAILED', 'no'],
    ['-ERR something of a future version', 'STORE_FAILED', 'unknown'],
  ] as const;

  it.each(replies)(
    '%s: the loader answers, writes reject, nothing is tried again and again',
    async (reply, code, applied) => {
      const one = openFake();
      fake.answer = (name) => (name === 'time' ? now() : `${reply}\r\n`);
      expect(await one.cache.get('k', () => 'loaded')).toBe('loaded');
      fake.heard.length = 0;
      const failure = await failureOf(one.cache.set('k', 'v'));
      expect(failure).toMatchObject({ code, details: { applied } });
      expect(failure.message).not.toContain('6381');
      // One try each: TIME may go before a script.
      expect(fake.heard.filter((name) => name !== 'time').length).toBe(1);
      expect(await failureOf(one.cache.delete('k'))).toMatchObject({ code });
      for (let turn = 0; turn < 10; turn++) expect(await one.cache.get('k', () => 'loaded')).toBe('loaded');
    },
  );

  it('NOSCRIPT to every call: the source is sent once, then it rejects', async () => {
    const one = openFake();
    fake.answer = (name) => (name === 'time' ? now() : '-NOSCRIPT No matching script. Please use EVAL.\r\n');
    expect(await failureOf(one.cache.set('k', 'v'))).toMatchObject({ code: 'STORE_FAILED' });
    expect(fake.heard.filter((name) => name !== 'time')).toEqual(['evalsha', 'eval']);
  });

  it('READONLY to every call: the connection is dropped once in a while, not in a loop', async () => {
    const accepted = fake.accepted;
    const one = openFake();
    fake.answer = (name) =>
      name === 'time' ? now() : "-READONLY You can't write against a read only replica.\r\n";
    const beganMs = performance.now();
    let tries = 0;
    while (performance.now() - beganMs < 500) {
      const failure = await failureOf(one.cache.set('k', 'v'));
      expect(failure).toMatchObject({ code: 'STORE_UNAVAILABLE' });
      tries += 1;
    }
    expect(tries).toBeGreaterThan(2);
    expect(fake.accepted - accepted).toBeLessThan(5);
  });

  const wrong: readonly (readonly [string, string | Buffer])[] = [
    ['a status', '+OK\r\n'],
    ['a number', ':1\r\n'],
    ['nil', '$-1\r\n'],
    ['a nil array', '*-1\r\n'],
    ['an empty array', '*0\r\n'],
    ['a nested array', '*1\r\n*1\r\n:1\r\n'],
    ['a bulk string', bulk('nonsense')],
    ['errors inside of an array', '*2\r\n-ERR one\r\n-ERR two\r\n'],
    ['garbage', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['zeros', Buffer.alloc(64)],
  ];

  it.each(wrong)('%s to everything: a miss or a typed error, never a crash', async (_name, reply) => {
    const one = openFake();
    fake.answer = () => reply;
    const failed = new Set<string>();
    one.cache.on('error', ({ operation }) => failed.add(operation));
    expect(await one.cache.get('k', () => 'loaded', { tags: ['t'] })).toBe('loaded');
    expect(await one.cache.getMany(['a', 'b'], () => [1, 2])).toEqual([1, 2]);
    const calls = [
      () => one.cache.set('k', 'v'),
      () => one.cache.delete('k'),
      () => one.cache.increment('n'),
      () => one.cache.invalidateTag('t'),
    ];
    for (const call of calls) {
      const outcome = await call().then(
        () => 'done',
        (error: { name: string }) => error.name,
      );
      expect(['done', 'CacheError']).toContain(outcome);
    }
    // A reply that answers nothing is the store's failure, not a miss.
    expect(failed).toContain('read');
  });

  it.each([
    ['half a reply, then silence', '*2\r\n$100\r\nhalf'],
    ['a header that promises a gigabyte', '*1\r\n$1073741824\r\n'],
  ])('%s: costs a deadline', async (_name, reply) => {
    const one = openFake();
    fake.answer = (name) => (name === 'time' ? now() : reply);
    const { tookMs, value } = await timed(() => one.cache.get('k', () => 'loaded'));
    expect(value).toBe('loaded');
    expect(tookMs).toBeLessThan(800);
    fake.answer = (name) => (name === 'time' ? now() : '*2\r\n$-1\r\n$-1\r\n');
    expect(await one.cache.get('k', () => 'loaded')).toBe('loaded');
  });
});

describe('F15 a real server that is brought to it', () => {
  it('READONLY: becomes a replica, and a primary again', async () => {
    const { server } = world;
    const one = await world.serving({ cache: { ...SHORT, maxStaleness: '1s' } });
    await one.cache.set('k', 'v');
    const accepted = world.proxy.accepted;
    await server.command('REPLICAOF', '127.0.0.1', '1');
    const failure = await failureOf(one.cache.set('k', 'unsure'));
    expect(failure).toMatchObject({ code: 'STORE_UNAVAILABLE', details: { applied: 'no' } });
    await until(() => world.proxy.accepted > accepted, 'another connection');
    // A replica may lag: it is not read from either.
    await until(async () => !(await one.cache.healthCheck()).tiers.l2?.connected, 'the replica to be left');
    expect(await one.cache.get('cold', () => 'loaded')).toBe('loaded');
    await server.command('REPLICAOF', 'NO', 'ONE');
    const { tookMs } = await timed(() =>
      until(async () => {
        await one.cache.get(`probe ${Math.random()}`, () => 1);
        return (await one.cache.healthCheck()).status === 'healthy';
      }, 'full service'),
    );
    expect(tookMs).toBeLessThan(2000);
    await one.cache.set('k', 'v2');
    expect(await one.cache.get('k')).toBe('v2');
  });

  it('OOM: sets reject, reads and deletions go on, memory is given back', async () => {
    const { server, layout } = world;
    const one = world.open({ cache: BARE });
    await one.cache.set('k', 'kept', { tags: ['t'] });
    await one.cache.set('tagged', 'kept', { tags: ['t'] });
    await one.cache.get('x', () => 1);
    try {
      await server.command('CONFIG', 'SET', 'maxmemory', '1');
      expect(await failureOf(one.cache.set('n', 'v'))).toMatchObject({
        code: 'STORE_FAILED',
        details: { applied: 'no' },
      });
      expect(await failureOf(one.cache.increment('c'))).toMatchObject({ code: 'STORE_FAILED' });
      expect(await one.cache.get('k')).toBe('kept');
      expect(await one.cache.get('cold', () => 'loaded')).toBe('loaded');
      // An invalidation is not refused: the old value must go.
      await one.cache.delete('k');
      expect(await server.command('EXISTS', layout.value(':k'))).toBe(0);
      await one.cache.invalidateTag('t');
      expect(await one.cache.get('tagged')).toBeNull();
      await one.cache.expire('x');
      await one.cache.clear();
    } finally {
      await server.command('CONFIG', 'SET', 'maxmemory', '0');
    }
    await one.cache.set('n', 'v');
    expect(await one.cache.get('n')).toBe('v');
  });

  it('OOM with a loader: the value is answered and not stored, nobody waits for its lease', async () => {
    const { server } = world;
    const one = world.open({ cache: BARE });
    await one.cache.get('x', () => 1);
    try {
      await server.command('CONFIG', 'SET', 'maxmemory', '1');
      expect(await one.cache.get('cold', () => 'first')).toBe('first');
      const { tookMs, value } = await timed(() => one.cache.get('cold', () => 'second'));
      expect(value).toBe('second');
      expect(tookMs).toBeLessThan(1500);
    } finally {
      await server.command('CONFIG', 'SET', 'maxmemory', '0');
    }
  });

  it('BUSY: somebody else has a script that does not end', async () => {
    const { server } = world;
    const one = world.open({ cache: { ...BARE, ...SHORT }, store: { silenceLimit: '10s' } });
    await one.cache.set('k', 'v');
    await server.command('CONFIG', 'SET', 'busy-reply-threshold', '50');
    const script = server.command('EVAL', 'while true do end', 0).catch(() => 'killed');
    try {
      // First nothing is answered, then BUSY is.
      expect(await one.cache.get('k', () => 'loaded')).toBe('loaded');
      expect(await failureOf(one.cache.set('k', 'v2'))).toMatchObject({
        name: 'CacheError',
        retryable: true,
      });
    } finally {
      await killScript(server.port);
      await script;
    }
    await until(async () => (await one.cache.get('k')) === 'v', 'the store to be asked again');
  });

  it('NOAUTH, WRONGPASS: says so without the password, and goes on by its loaders', async () => {
    await using locked = await RedisServer.start({ password: 'right-7fa' });
    for (const url of [`redis://127.0.0.1:${locked.port}`, `redis://:wrong-7fa@127.0.0.1:${locked.port}`]) {
      const one = world.open({ url, cache: { ...BARE, ...SHORT } });
      expect(await one.cache.get('k', () => 'loaded')).toBe('loaded');
      const failure = await failureOf(one.cache.set('k', 'v'));
      expect(failure.message).toMatch(/password/);
      expect(JSON.stringify([failure.message, failure.details, String(failure.cause)])).not.toMatch(/-7fa/);
      await one.cache.close();
    }
    const right = world.open({ url: locked.url, cache: BARE });
    await right.cache.set('k', 'v');
    expect(await right.cache.get('k')).toBe('v');
    await right.cache.close();
  });

  it('LOADING: a server that reads its data is waited for', async () => {
    await using slow = await RedisServer.start({
      config: { 'key-load-delay': '2000', 'loading-process-events-interval-bytes': '1024' },
    });
    await slow.command('DEBUG', 'POPULATE', 500, 'filler', 100);
    const one = world.open({ url: slow.url, cache: { ...BARE, ...SHORT } });
    await one.cache.set('k', 'v');
    const restarting = slow.restart({ data: 'kept' });
    await until(
      async () => (await one.cache.get(`cold ${Math.random()}`, () => 'loaded')) === 'loaded',
      'a read',
    );
    await restarting;
    await until(async () => (await one.cache.get('k')) === 'v', 'the server to be ready');
    await one.cache.close();
  });

  it('a node of a cluster is refused, in words', async () => {
    await using node = await RedisServer.start({ config: { 'cluster-enabled': 'yes' } });
    const one = world.open({ url: node.url, cache: { ...BARE, ...SHORT } });
    expect(await one.cache.get('k', () => 'loaded')).toBe('loaded');
    expect((await failureOf(one.cache.set('k', 'v'))).message).toMatch(/Cluster/);
    await one.cache.close();
  });
});

/** On a busy server only SCRIPT KILL and SHUTDOWN are carried out, and the usual connection waits for its own script. */
async function killScript(port: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('data', (bytes) => {
      if (!/^\+OK|NOTBUSY/.test(bytes.toString())) {
        socket.write('SCRIPT KILL\r\n');
        return;
      }
      socket.destroy();
      resolve();
    });
    socket.write('SCRIPT KILL\r\n');
  });
}
