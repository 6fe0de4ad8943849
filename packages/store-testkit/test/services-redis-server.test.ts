import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { CacheErrorCode } from '@larder/cache-core';
import { FaultProxy, freePort, RedisServer, waitFor } from '@larder/store-testkit/services';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

describe('one server', () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  beforeEach(async () => {
    if (!server.running) await server.restart();
    await server.command('FLUSHALL');
  });
  afterAll(() => server.stop());

  it('answers commands: texts, bytes, numbers, null, arrays, errors', async () => {
    expect(await server.command('SET', 'k', Buffer.from([0, 255, 13, 10]))).toBe('OK');
    expect(await server.commandBuffer('GET', 'k')).toEqual(Buffer.from([0, 255, 13, 10]));
    expect(await server.command('STRLEN', 'k')).toBe(4);
    expect(await server.command('GET', 'nothing')).toBeNull();
    await server.command('SET', 'n', 1);
    expect(await server.command<string[]>('MGET', 'n', 'none', 'n')).toEqual(['1', null, '1']);
    expect(await server.command('EVAL', 'return {1, {"a"}, redis.error_reply("MY error")}', 0)).toEqual([
      1,
      ['a'],
      new Error('MY error'),
    ]);
    const large = 'ä'.repeat(300_000);
    await server.command('SET', 'large', large);
    expect(await server.command('GET', 'large')).toBe(large);
    await expect(server.command('INCR', 'k')).rejects.toMatchObject({
      code: CacheErrorCode.STORE_FAILED,
      details: { reply: 'ERR' },
    });
    await expect(server.command('NONSENSE', 'a secret')).rejects.toThrow(/NONSENSE was refused/);
    await expect(server.command('NONSENSE', 'a secret')).rejects.not.toThrow(/secret/);
  });

  it('carries out commands in the order in which they are given', async () => {
    const replies = await Promise.all(Array.from({ length: 100 }, () => server.command('INCR', 'n')));
    expect(replies).toEqual(Array.from({ length: 100 }, (_, place) => place + 1));
  });

  it('counts the commands of clients and scripts, not its own', async () => {
    await server.resetCounts();
    expect(await server.commandCounts()).toEqual(new Map());
    await server.command('GET', 'k');
    await server.command('EVAL', 'return redis.call("GET", KEYS[1])', 1, 'k');
    const expected = new Map([
      ['get', 2],
      ['eval', 1],
    ]);
    expect(await server.commandCounts()).toEqual(expected);
    expect(await server.commandCounts()).toEqual(expected);
    await server.command('INFO');
    expect((await server.commandCounts()).get('info')).toBe(1);
    await server.resetCounts();
    expect(await server.commandCounts()).toEqual(new Map());
  });

  it('paused, answers nothing until it is resumed (F9)', async () => {
    const { pid } = server;
    await server.pause();
    let answered = false;
    const ping = server.command('PING').finally(() => {
      answered = true;
    });
    // The system accepts for it.
    const socket = connect(server.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.destroy();
    expect([answered, server.running]).toEqual([false, true]);
    await server.resume();
    expect(await ping).toBe('PONG');
    expect(server.pid).toBe(pid);
  });

  it('killed, refuses; restarted, is empty, on the same port (F11, F13)', async () => {
    const { port, pid } = server;
    await server.command('SET', 'k', 'v');
    await server.kill();
    expect(server.running).toBe(false);
    await expect(server.command('PING')).rejects.toMatchObject({ code: CacheErrorCode.STORE_UNAVAILABLE });
    await server.restart();
    expect(server.port).toBe(port);
    expect(server.pid).not.toBe(pid);
    expect(await server.commandCounts()).toEqual(new Map());
    expect(await server.command('DBSIZE')).toBe(0);
  });

  it('comes back with what it held, or with what it held before (F13, F14)', async () => {
    await server.command('SET', 'a', 1);
    await server.saveSnapshot();
    await server.command('SET', 'b', 2);
    await server.restart({ data: 'kept' });
    expect(await server.command('DBSIZE')).toBe(2);
    await server.restart({ data: 'snapshot' });
    expect(await server.command('KEYS', '*')).toEqual(['a']);
    await server.kill();
    await server.restart({ data: 'snapshot' });
    expect(await server.command('DBSIZE')).toBe(1);
    await server.restart();
    expect(await server.command('DBSIZE')).toBe(0);
    await server.pause();
    await server.restart();
    expect(await server.command('PING')).toBe('PONG');
  });

  it('refuses a restart that cannot be', async () => {
    const invalid = { code: CacheErrorCode.INVALID_CONFIGURATION };
    await expect(server.restart({ data: 'some' as never })).rejects.toMatchObject(invalid);
    await expect(server.restart({ empty: true } as never)).rejects.toMatchObject(invalid);
    await server.kill();
    await expect(server.restart({ data: 'kept' })).rejects.toThrow(/does not run/);
  });

  it('is cut off in the middle of a reply by a proxy (F11)', async () => {
    await using proxy = await FaultProxy.start({ target: server });
    await server.command('SET', 'k', 'x'.repeat(1000));
    const socket = connect(proxy.port, '127.0.0.1');
    let received = '';
    let end = '';
    socket.on('data', (bytes) => {
      received += String(bytes);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      end = String(error.code);
    });
    proxy.cutAfter(50);
    socket.write('GET k\r\n');
    await waitFor(() => end);
    expect(received).toBe(`$1000\r\n${'x'.repeat(43)}`);
    expect(end).toBe('ECONNRESET');
    expect(await server.command('PING')).toBe('PONG');
  });
});

describe('starting', () => {
  const servers: RedisServer[] = [];
  let stranger: Server | undefined;

  async function started(...options: Parameters<typeof RedisServer.start>): Promise<RedisServer> {
    const server = await RedisServer.start(...options);
    servers.push(server);
    return server;
  }

  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.stop()));
    stranger?.close();
    stranger = undefined;
  });

  it('several side by side have ports, folders and data of their own', async () => {
    const all = await Promise.all([started(), started(), started()]);
    expect(new Set(all.map(({ port }) => port)).size).toBe(3);
    await all[0]?.command('SET', 'k', 'v');
    expect(await Promise.all(all.map((server) => server.command('DBSIZE')))).toEqual([1, 0, 0]);
  });

  it('takes a password, which stands in its URL and nowhere else', async () => {
    const password = 'p "w\\ö@/';
    const server = await started({ password });
    expect(server.url).toBe(`redis://:${encodeURIComponent(password)}@127.0.0.1:${server.port}`);
    expect(await server.command('PING')).toBe('PONG');
    expect((await server.commandCounts()).has('auth')).toBe(false);
    const socket = connect(server.port, '127.0.0.1');
    socket.write('PING\r\n');
    expect(String((await once(socket, 'data'))[0])).toMatch(/^-NOAUTH/);
    socket.destroy();
    await server.restart({ data: 'kept' });
    expect(await server.command('PING')).toBe('PONG');
  });

  it('takes lines of configuration and arguments', async () => {
    const server = await started({ config: { maxmemory: '4mb', databases: '3' }, args: ['--hz', '50'] });
    expect(await server.command('CONFIG', 'GET', 'maxmemory')).toEqual(['maxmemory', String(4 * 1024 ** 2)]);
    expect(await server.command('CONFIG', 'GET', 'databases')).toEqual(['databases', '3']);
    expect(await server.command('CONFIG', 'GET', 'hz')).toEqual(['hz', '50']);
    expect(await server.command('CONFIG', 'GET', 'save')).toEqual(['save', '']);
  });

  it('says what redis-server says where it does not start', async () => {
    const broken = RedisServer.start({ config: { maxmemory: 'a lot' }, password: 'secret' });
    await expect(broken).rejects.toMatchObject({ code: CacheErrorCode.STORE_UNAVAILABLE });
    await expect(broken).rejects.toThrow(/maxmemory/);
    await expect(broken).rejects.not.toThrow(/secret/);
  });

  it('refuses options that cannot be', async () => {
    const invalid = { code: CacheErrorCode.INVALID_CONFIGURATION };
    await expect(RedisServer.start({ port: 0 })).rejects.toMatchObject(invalid);
    await expect(RedisServer.start({ password: '' })).rejects.toMatchObject(invalid);
    await expect(RedisServer.start({ config: { 'a b': 'c' } })).rejects.toMatchObject(invalid);
    await expect(RedisServer.start({ config: { save: '""\nport 1' } })).rejects.toMatchObject(invalid);
    await expect(RedisServer.start({ prot: 1 } as never)).rejects.toThrow(/Did you mean 'port'/);
  });

  it('on a port that is taken waits for it, and says so in the end', async () => {
    const port = await freePort();
    stranger = createServer((socket) => socket.destroy()).listen(port, '127.0.0.1');
    await once(stranger, 'listening');
    const start = started({ port });
    // It comes up once the port is free.
    await waitFor(() => stranger?.listening);
    stranger.close();
    expect((await start).port).toBe(port);
    await expect(RedisServer.start({ port })).rejects.toThrow(`port ${port} is taken`);
  });

  it('stopped, it is gone with its files, also from a pause, and takes no more commands', async () => {
    const server = await started();
    const [, folder = ''] = await server.command<string[]>('CONFIG', 'GET', 'dir');
    expect(existsSync(folder)).toBe(true);
    await server.pause();
    await server.stop();
    await server.stop();
    expect(existsSync(folder)).toBe(false);
    expect(() => process.kill(server.pid, 0)).toThrow(/ESRCH/);
    await expect(server.command('PING')).rejects.toMatchObject({ code: CacheErrorCode.CLOSED });
    await expect(server.restart()).rejects.toMatchObject({ code: CacheErrorCode.CLOSED });
  });
});
