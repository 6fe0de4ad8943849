import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { FaultProxy, RedisServer, waitFor } from '@larder/store-testkit/services';
import { Redis } from 'ioredis';
import { Redis as Redis5 } from 'ioredis-5';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { closeAll, connectionTo, errorOf, keepingLogger } from './connection-rig.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterEach(closeAll);
afterAll(() => server.stop());

describe.each([
  ['a URL', () => server.url],
  [
    'a client of ioredis 6',
    () => new Redis(server.url, { lazyConnect: true, keyPrefix: 'mine:', commandTimeout: 1 }),
  ],
  [
    'a client of ioredis 5',
    () => new Redis5(server.url, { lazyConnect: true, keyPrefix: 'mine:', commandTimeout: 1 }),
  ],
] as const)('with %s', (_, target) => {
  it('sends commands and answers with Buffers', async () => {
    const connection = connectionTo(target());
    expect(connection.state).toBe('idle');
    expect(connection.client).toBeNull();
    expect(await connection.send('SET', ['k', Buffer.from([0, 255]), 'PX', 60_000])).toEqual(
      Buffer.from('OK'),
    );
    expect(await connection.send('MGET', ['k', 'none'])).toEqual([Buffer.from([0, 255]), null]);
    expect(await connection.send('EVAL', ["return {'a', {'b', 1}}", 0])).toEqual([
      Buffer.from('a'),
      [Buffer.from('b'), 1],
    ]);
    expect(connection.state).toBe('ready');
    expect(connection.latencyMs).toBeGreaterThan(0);
    expect(connection.latencyMs).toBeLessThan(1000);
    // No prefix of the client's: it is a part of the store's.
    expect(await server.command('GET', 'mine:k')).toBeNull();
  });

  it('keeps the order of calls', async () => {
    const connection = connectionTo(target());
    const first = Array.from({ length: 50 }, (_, i) => connection.send('RPUSH', ['order', i]));
    await Promise.all(first);
    const later = Array.from({ length: 50 }, (_, i) => connection.send('RPUSH', ['order', 50 + i]));
    await Promise.all(later);
    const list = (await connection.send('LRANGE', ['order', 0, -1])) as Buffer[];
    await connection.send('DEL', ['order']);
    expect(list.map(Number)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  it('says what the server refused, without values', async () => {
    const connection = connectionTo(target());
    await connection.send('SET', ['k', 'secret-value']);
    const wrongType = await errorOf(connection.send('LPUSH', ['k', 'secret-value']));
    expect(wrongType).toMatchObject({ code: 'STORE_FAILED', details: { applied: 'no', reply: 'WRONGTYPE' } });
    const unknown = await errorOf(connection.send('NONSENSE', ['secret-value']));
    expect(unknown).toMatchObject({ code: 'STORE_FAILED', details: { applied: 'no', reply: 'ERR' } });
    const noScript = await errorOf(connection.send('EVALSHA', ['f'.repeat(40), 0]));
    expect(noScript).toMatchObject({ details: { applied: 'no', reply: 'NOSCRIPT' } });
    const halfWay = await errorOf(
      connection.send('EVAL', ["redis.call('SET', 'x', 'y') return nothing.at.all", 0]),
    );
    expect(halfWay).toMatchObject({ code: 'STORE_FAILED', details: { applied: 'unknown', reply: 'ERR' } });
    for (const error of [wrongType, unknown, noScript, halfWay]) {
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('secret-value');
    }
  });

  it('F20: rejects all that is pending at once when the connection is closed, and comes back', async () => {
    // Nothing but the end of the connection can reject them.
    const connection = connectionTo(target(), { silenceMs: Infinity });
    const events: string[] = [];
    connection.onReady(() => events.push('ready'));
    connection.onClosed(() => events.push('closed'));
    await connection.ready();
    const stuck = Array.from({ length: 20 }, (_, i) => errorOf(connection.send('BLPOP', [`list${i}`, 0])));
    await waitFor(async () => (await server.command<string>('CLIENT', 'LIST')).includes('cmd=blpop'));
    await server.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    const errors = await Promise.all(stuck);
    for (const error of errors) {
      expect(error).toMatchObject({
        code: 'STORE_UNAVAILABLE',
        retryable: true,
        details: { applied: 'unknown' },
      });
    }
    await connection.ready();
    expect(await connection.send('PING', [])).toEqual(Buffer.from('PONG'));
    expect(events).toEqual(['ready', 'closed', 'ready']);
  });

  it('ends for good, and begins anew', async () => {
    const connection = connectionTo(target());
    await connection.ready();
    const pending = errorOf(connection.send('BLPOP', ['nothing', 0]));
    await connection.disconnect();
    await connection.disconnect();
    expect(await pending).toMatchObject({ code: 'CLOSED', details: { applied: 'unknown' } });
    expect(connection.state).toBe('closed');
    expect(await errorOf(connection.send('PING', []))).toMatchObject({
      code: 'CLOSED',
      details: { applied: 'no' },
    });
    expect(await errorOf(connection.ready())).toMatchObject({ code: 'CLOSED' });
    await connection.connect();
    expect(await connection.send('PING', [])).toEqual(Buffer.from('PONG'));
  });
});

it('leaves the caller’s client alone', async () => {
  const client = new Redis(server.url, { lazyConnect: true });
  const connection = connectionTo(client);
  await connection.send('PING', []);
  expect(client.status).toBe('wait');
  await connection.disconnect();
  expect(await client.ping()).toBe('PONG');
  client.disconnect();
});

it('uses the database of the URL, and refuses one that is not there', async () => {
  await connectionTo(`${server.url}/3`).send('SET', ['in3', 'x']);
  expect(await connectionTo(server.url).send('EXISTS', ['in3'])).toBe(0);
  for (const client of [`${server.url}/99`, new Redis5(`${server.url}/99`, { lazyConnect: true })]) {
    const connection = connectionTo(client);
    const error = await errorOf(connection.send('SET', ['in99', 'x']));
    expect(error).toMatchObject({ code: 'STORE_FAILED', details: { applied: 'no', reply: 'ERR' } });
    expect(error.message).toContain('DB index is out of range');
  }
});

it('F9: gives up a server that has stopped, and comes back when it goes on', async () => {
  const connection = connectionTo(server.url, { silenceMs: 200 });
  await connection.ready();
  await server.pause();
  try {
    const sentMs = performance.now();
    const errors = await Promise.all([
      errorOf(connection.send('PING', [])),
      errorOf(connection.send('SET', ['late', '1'])),
    ]);
    expect(performance.now() - sentMs).toBeGreaterThan(190);
    expect(performance.now() - sentMs).toBeLessThan(1500);
    for (const error of errors) {
      expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', details: { applied: 'unknown' } });
      expect(error.message).toContain('nothing was answered for 200 ms');
    }
    // TCP is accepted by the system, and nobody speaks.
    const handshake = await errorOf(connection.ready());
    expect(handshake).toMatchObject({ code: 'STORE_UNAVAILABLE', details: { applied: 'no' } });
    expect(handshake.message).toContain('no answer within 500 ms');
    expect(connection.state).toBe('down');
  } finally {
    await server.resume();
  }
  const resumedMs = performance.now();
  await waitFor(() => connection.state === 'ready');
  expect(performance.now() - resumedMs).toBeLessThan(2000);
});

it('does not take a long silence without requests for an outage', async () => {
  const connection = connectionTo(server.url, { silenceMs: 150 });
  let losses = 0;
  connection.onClosed(() => losses++);
  await connection.send('PING', []);
  const id = await connection.send('CLIENT', ['ID']);
  const startMs = performance.now();
  await waitFor(() => performance.now() - startMs > 500);
  expect(await connection.send('CLIENT', ['ID'])).toBe(id);
  expect(losses).toBe(0);
});

it('does not take its own blocked event loop for a silent server', async () => {
  const connection = connectionTo(server.url, { silenceMs: 100 });
  await connection.ready();
  const replies = Promise.all([connection.send('PING', []), connection.send('PING', [])]);
  const startMs = performance.now();
  while (performance.now() - startMs < 400);
  expect(await replies).toHaveLength(2);
});

it('connects although the event loop is blocked meanwhile', async () => {
  const connection = connectionTo(server.url, { connectTimeoutMs: 200 });
  const ready = connection.ready();
  await new Promise((resolve) => setImmediate(resolve));
  const startMs = performance.now();
  while (performance.now() - startMs < 500);
  await ready;
});

it('F12: reports a server that is not there, and is in service within 2 s of its start', async () => {
  const absent = await RedisServer.start();
  const logger = keepingLogger();
  await absent.kill();
  const connection = connectionTo(absent.url, { logger });
  const error = await errorOf(connection.connect());
  expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true, details: { applied: 'no' } });
  expect(error.message).toContain('ECONNREFUSED');
  expect(connection.state).toBe('down');
  const askedMs = performance.now();
  expect(await errorOf(connection.send('PING', []))).toMatchObject({ details: { applied: 'no' } });
  expect(performance.now() - askedMs).toBeLessThan(200);
  // The back-off has reached its slow end.
  const startMs = performance.now();
  await waitFor(() => performance.now() - startMs > 2500);
  await absent.restart();
  const backMs = performance.now();
  await waitFor(() => connection.state === 'ready');
  expect(performance.now() - backMs).toBeLessThan(2000);
  expect(await connection.send('PING', [])).toEqual(Buffer.from('PONG'));
  // Once for each change, not for each attempt.
  expect(logger.lines.map((line) => line.slice(0, 4))).toEqual(['warn', 'info']);
  await absent.stop();
});

it('F11: survives a server that is killed and started again, over and over', async () => {
  const mortal = await RedisServer.start();
  const connection = connectionTo(mortal.url);
  for (let round = 0; round < 3; round++) {
    await waitFor(async () => (await connection.send('SET', ['k', round]).catch(() => null)) !== null);
    const stuck = errorOf(connection.send('BLPOP', ['nothing', 0]));
    await mortal.kill();
    expect(await stuck).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await mortal.restart();
  }
  await waitFor(() => connection.state === 'ready');
  await mortal.stop();
});

it.each(['cut', 'end'] as const)(
  'F11: a connection that breaks in the middle of a reply (%s)',
  async (way) => {
    const proxy = await FaultProxy.start({ target: server.url });
    const connection = connectionTo(proxy.url);
    await connection.send('SET', ['big', Buffer.alloc(1_000_000, 'x')]);
    proxy.cutAfter(5000, { direction: 'toClient' });
    const replies = await Promise.all([
      errorOf(connection.send('GET', ['big'])),
      errorOf(connection.send('GET', ['big'])),
    ]);
    expect(replies[0]).toMatchObject({ code: 'STORE_UNAVAILABLE', details: { applied: 'unknown' } });
    proxy.resume();
    await waitFor(() => connection.state === 'ready');
    const pending = errorOf(connection.send('BLPOP', ['nothing', 0]));
    proxy[way]();
    expect(await pending).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await waitFor(() => connection.state === 'ready');
    expect(await connection.send('STRLEN', ['big'])).toBe(1_000_000);
    await connection.disconnect();
    await proxy.stop();
  },
);

it('a slow line is not silent: bytes that arrive or leave count', async () => {
  const proxy = await FaultProxy.start({ target: server.url });
  const connection = connectionTo(proxy.url, { silenceMs: 200 });
  await connection.send('SET', ['big', Buffer.alloc(300_000, 'x')]);
  let losses = 0;
  connection.onClosed(() => losses++);
  proxy.throttle({ bytes: 10_000, everyMs: 20 }, { direction: 'toClient' });
  const reply = (await connection.send('GET', ['big'])) as Buffer;
  expect(reply.length).toBe(300_000);
  proxy.resume();
  expect(losses).toBe(0);
  await connection.disconnect();
  await proxy.stop();
});

it('a wrong password is said without the password, and the right one helps later', async () => {
  const guarded = await RedisServer.start({ password: 'p@ss:w/rd' });
  const url = `redis://:not-the-password@127.0.0.1:${guarded.port}`;
  const logger = keepingLogger();
  for (const target of [url, new Redis5(url, { lazyConnect: true }), new Redis(url, { lazyConnect: true })]) {
    const connection = connectionTo(target, { logger });
    const error = await errorOf(connection.connect());
    expect(error).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      details: { applied: 'no', reply: 'WRONGPASS' },
    });
    expect(error.message).toContain('refuses this user or password');
    const shown = [connection, error].map((one) =>
      inspect(one, { depth: 9, showHidden: true, getters: true }),
    );
    expect([...shown, ...logger.lines, JSON.stringify([connection, error])].join()).not.toContain(
      'not-the-password',
    );
    expect(connection.state).toBe('down');
    await connection.disconnect();
  }
  const none = await errorOf(connectionTo(`redis://127.0.0.1:${guarded.port}`).connect());
  expect(none).toMatchObject({ details: { reply: 'NOAUTH' } });
  const rotated = connectionTo(url, { logger });
  await errorOf(rotated.connect());
  await guarded.command('CONFIG', 'SET', 'requirepass', 'not-the-password');
  await waitFor(() => rotated.state === 'ready');
  await rotated.disconnect();
  await guarded.stop();
});

it('F15: READONLY drops the connection once, a replica is not used, the primary is found again', async () => {
  const follower = await RedisServer.start();
  const connection = connectionTo(follower.url);
  await connection.send('SET', ['k', '1']);
  let losses = 0;
  connection.onClosed(() => losses++);
  await follower.command('REPLICAOF', server.host, server.port);
  const error = await errorOf(connection.send('SET', ['k', '2']));
  expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', details: { applied: 'no', reply: 'READONLY' } });
  await waitFor(() => connection.state === 'down');
  expect((await errorOf(connection.ready())).message).toMatch(/replica|loading/);
  expect(losses).toBe(1);
  await follower.command('REPLICAOF', 'NO', 'ONE');
  await waitFor(() => connection.state === 'ready');
  await connection.send('SET', ['k', '3']);
  await connection.disconnect();
  await follower.stop();
});

it('F15: OOM is a refusal that says what to do', async () => {
  const small = await RedisServer.start({ config: { maxmemory: '1mb', 'maxmemory-policy': 'noeviction' } });
  const connection = connectionTo(small.url);
  const error = await errorOf(connection.send('SET', ['k', Buffer.alloc(2_000_000)]));
  const again = await errorOf(connection.send('SET', ['k', Buffer.alloc(2_000_000)]));
  for (const one of [error, again]) {
    expect(one).toMatchObject({ code: 'STORE_FAILED', details: { applied: 'no', reply: 'OOM' } });
    expect(one.message).toContain('maxmemory');
  }
  await connection.disconnect();
  await small.stop();
});

it('a node of a cluster is refused', async () => {
  const node = await RedisServer.start({ config: { 'cluster-enabled': 'yes' } });
  expect((await errorOf(connectionTo(node.url).connect())).message).toContain('Redis Cluster');
  await closeAll();
  await node.stop();
});

it('a user without permissions is told so', async () => {
  await server.command('ACL', 'SETUSER', 'narrow', 'on', '>pw', '~*', '+get', '+select');
  const connection = connectionTo(`redis://narrow:pw@127.0.0.1:${server.port}`);
  expect(await connection.send('GET', ['none'])).toBeNull();
  const error = await errorOf(connection.send('SET', ['k', 'v']));
  expect(error).toMatchObject({ code: 'STORE_FAILED', details: { applied: 'no', reply: 'NOPERM' } });
  expect(error.message).toContain('ACL SETUSER');
  await server.command('ACL', 'DELUSER', 'narrow');
});

it('drop() takes another connection; while connecting it ends that attempt', async () => {
  const connection = connectionTo(server.url);
  connection.drop('nothing is open yet');
  const ready = errorOf(connection.ready());
  connection.drop('a test says so');
  expect((await ready).message).toContain('a test says so');
  await waitFor(() => connection.state === 'ready');
  const id = await connection.send('CLIENT', ['ID']);
  const pending = errorOf(connection.send('BLPOP', ['nothing', 0]));
  connection.drop('again');
  expect((await pending).message).toContain('again');
  await waitFor(() => connection.state === 'ready');
  expect(await connection.send('CLIENT', ['ID'])).not.toBe(id);
});

it('disconnect() while connecting ends the attempt and leaves nothing behind', async () => {
  const connection = connectionTo(server.url, { duplicateName: 'fleeting' });
  const ready = errorOf(connection.ready());
  const sent = errorOf(connection.send('PING', []));
  await connection.disconnect();
  expect(await ready).toMatchObject({ code: 'CLOSED' });
  expect(await sent).toMatchObject({ code: 'CLOSED', details: { applied: 'no' } });
  await waitFor(async () => !(await server.command<string>('CLIENT', 'LIST')).includes('fleeting'));
  expect(connection.state).toBe('closed');
});

it('connects through a unix socket', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'larder-'));
  const path = join(folder, 'redis.sock');
  const local = await RedisServer.start({ config: { unixsocket: path } });
  for (const target of [path, `unix://${path}?db=1`, { path }, new Redis5({ path, lazyConnect: true })]) {
    expect(await connectionTo(target).send('PING', [])).toEqual(Buffer.from('PONG'));
  }
  await closeAll();
  await local.stop();
  expect((await errorOf(connectionTo(path).connect())).message).toContain('redis.sock is down: connect');
  await rm(folder, { recursive: true });
});

it('many callers share one attempt', async () => {
  const connection = connectionTo(server.url, { duplicateName: 'shared-attempt' });
  await Promise.all(
    Array.from({ length: 100 }, (_, i) => (i % 2 ? connection.connect() : connection.ready())),
  );
  const clients = (await server.command<string>('CLIENT', 'LIST')).split('\n');
  expect(clients.filter((line) => line.includes('name=shared-attempt '))).toHaveLength(1);
});

it('P13: listeners that throw harm nobody', async () => {
  const logger = keepingLogger();
  const connection = connectionTo(server.url, { logger });
  let told = 0;
  connection.onReady(() => {
    throw new Error('listener');
  });
  const stop = connection.onReady(() => told++);
  await connection.ready();
  expect(told).toBe(1);
  stop();
  connection.drop('once more');
  await connection.ready();
  expect(told).toBe(1);
  expect(logger.lines.filter((line) => line.startsWith('error'))).toHaveLength(2);
});
