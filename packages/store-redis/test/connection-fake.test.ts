import { createServer } from 'node:http';
import { inspect } from 'node:util';
import { ManualClock } from '@larder/cache-core';
import { waitFor } from '@larder/store-testkit/services';
import { Redis } from 'ioredis';
import { Redis as Redis5 } from 'ioredis-5';
import { afterEach, describe, expect, it } from 'vitest';
import {
  closeAll,
  connectionTo,
  errorOf,
  type FakeServer,
  fakeRedis,
  fakeServer,
  keepingLogger,
} from './connection-rig.ts';

afterEach(closeAll);

describe.each([
  ['ioredis 6', (url: string) => url],
  ['ioredis 5', (url: string) => new Redis5(url, { lazyConnect: true })],
] as const)('with %s', (_, target) => {
  it('a server of another protocol is named as such', async () => {
    const web = createServer((_request, response) => response.end('hello'));
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    const { port } = web.address() as { port: number };
    const connection = connectionTo(target(`redis://127.0.0.1:${port}`));
    const error = await errorOf(connection.connect());
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', details: { applied: 'no' } });
    expect(error.message).toContain('does not speak the protocol of Redis');
    await connection.disconnect();
    await new Promise((resolve) => web.close(resolve));
  });

  it('garbage after the handshake ends the connection, and another is made', async () => {
    const fake = await fakeRedis((input) =>
      input.includes('secret') ? 'HTTP/1.1 400 Bad\r\n' : '+PONG\r\n',
    );
    const connection = connectionTo(target(fake.url));
    const errors = await Promise.all([
      errorOf(connection.send('SET', ['k', 'secret'])),
      errorOf(connection.send('SET', ['k', 'secret'])),
    ]);
    for (const error of errors) {
      expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', details: { applied: 'unknown' } });
      expect(error.message).toContain('does not speak the protocol of Redis');
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('secret');
    }
    expect(await connection.send('PING', [])).toEqual(Buffer.from('PONG'));
    expect(fake.accepted()).toBe(2);
  });

  it('a reply that nobody has asked for ends the connection: the next would be another’s', async () => {
    const fake = await fakeRedis(() => '+ONE\r\n+TWO\r\n');
    const connection = connectionTo(target(fake.url));
    let losses = 0;
    connection.onClosed(() => losses++);
    expect(await connection.send('PING', [])).toEqual(Buffer.from('ONE'));
    expect(losses).toBe(1);
  });

  it.each(['end', 'resetAndDestroy'] as const)('half a reply, then %s: rejects at once', async (way) => {
    const fake = await fakeRedis((_input, socket) => {
      socket.write('$100\r\nhalf', () => socket[way]());
      return undefined;
    });
    const connection = connectionTo(target(fake.url), { silenceMs: Infinity });
    const error = await errorOf(connection.send('GET', ['k']));
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', details: { applied: 'unknown' } });
  });

  it('half a reply, then silence: gives up', async () => {
    const fake = await fakeRedis(() => '$100\r\nhalf');
    const connection = connectionTo(target(fake.url), { silenceMs: 60 });
    const error = await errorOf(connection.send('GET', ['k']));
    expect(error.message).toContain('nothing was answered for 60 ms');
  });

  it('byte by byte is an answer like any other', async () => {
    const fake = await fakeRedis((_input, socket) => {
      const bytes = [...'*2\r\n$3\r\na\r\n\r\n$-1\r\n'];
      const next = (): void => {
        const byte = bytes.shift();
        if (byte !== undefined && !socket.destroyed) socket.write(byte, () => setImmediate(next));
      };
      next();
      return undefined;
    });
    expect(await connectionTo(target(fake.url)).send('MGET', ['a', 'b'])).toEqual([
      Buffer.from('a\r\n'),
      null,
    ]);
  });

  it('a reply of a gigabyte that is only announced costs no gigabyte', async () => {
    const fake = await fakeRedis(() => '$1073741824\r\nstart');
    const connection = connectionTo(target(fake.url), { silenceMs: 60 });
    const before = process.memoryUsage().rss;
    await errorOf(connection.send('GET', ['k']));
    expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
  });

  it.each([
    ['LOADING Redis is loading the dataset in memory', 'STORE_UNAVAILABLE', 'no'],
    ['MASTERDOWN Link with MASTER is down', 'STORE_UNAVAILABLE', 'no'],
    ['BUSY Redis is busy running a script', 'STORE_UNAVAILABLE', 'no'],
    ['TRYAGAIN Multiple keys request during rehashing of slot', 'STORE_UNAVAILABLE', 'no'],
    ["READONLY You can't write against a read only replica.", 'STORE_UNAVAILABLE', 'no'],
    ["OOM command not allowed when used memory > 'maxmemory'.", 'STORE_FAILED', 'no'],
    ['MISCONF Redis is configured to save RDB snapshots', 'STORE_FAILED', 'no'],
    ['NOAUTH Authentication required.', 'STORE_UNAVAILABLE', 'no'],
    ['MOVED 99999 h:1', 'STORE_FAILED', 'no'],
    ['ASK 1 h:1', 'STORE_FAILED', 'no'],
    ['EXECABORT Transaction discarded', 'STORE_FAILED', 'no'],
    ['NOSCRIPT No matching script.', 'STORE_FAILED', 'no'],
    ['ERR anything', 'STORE_FAILED', 'unknown'],
    ['lower case, no code', 'STORE_FAILED', 'unknown'],
  ])('a script that is answered -%s', async (reply, code, applied) => {
    const fake = await fakeRedis(() => `-${reply}\r\n`);
    const connection = connectionTo(target(fake.url));
    const error = await errorOf(connection.send('EVALSHA', ['x', 0, 'secret']));
    const word = /^[A-Z]+ /.test(reply) ? reply.split(' ')[0] : 'ERR';
    expect(error).toMatchObject({ code, details: { applied, reply: word } });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('secret');
    expect((error.cause as Error).message).toBe(reply);
  });

  it('READONLY from a server that does not tell its role does not become a loop', async () => {
    const fake = await fakeRedis(() => '-READONLY no\r\n', 'nothing:known\r\n');
    const connection = connectionTo(target(fake.url));
    for (let i = 0; i < 20; i++) {
      await errorOf(connection.send('SET', ['k', i]));
      await waitFor(() => connection.state === 'ready');
    }
    expect(fake.accepted()).toBeLessThanOrEqual(3);
  });

  it.each([
    ['loading:1\r\n', 'loading'],
    ['role:slave\r\n', 'replica'],
    ['cluster_enabled:1\r\n', 'Cluster'],
  ])('a server that says %j of itself is not used', async (info, word) => {
    const fake = await fakeRedis(() => '+PONG\r\n', info);
    const error = await errorOf(connectionTo(target(fake.url)).connect());
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true, details: { applied: 'no' } });
    expect(error.message).toContain(word);
  });

  it('a handshake that hangs is dropped and tried again', async () => {
    const fake = await fakeServer(() => undefined);
    const connection = connectionTo(target(fake.url), { connectTimeoutMs: 50 });
    const error = await errorOf(connection.connect());
    expect(error.message).toContain('no answer within 50 ms');
    await waitFor(() => fake.accepted() >= 3);
  });
});

it('a connection that is lost as soon as it is made is tried ever more rarely, and nobody waits for it', async () => {
  const logger = keepingLogger();
  const fake = await fakeRedis(() => '+PONG\r\n');
  const connection = connectionTo(fake.url, { logger });
  let ready = 0;
  connection.onReady(() => {
    ready++;
    fake.cutAll();
  });
  await connection.ready();
  await waitFor(() => ready >= 5);
  await waitFor(() => connection.state === 'down');
  expect(await errorOf(connection.send('PING', []))).toMatchObject({ details: { applied: 'no' } });
  const startMs = performance.now();
  const before = fake.accepted();
  await waitFor(() => performance.now() - startMs > 1000);
  expect(fake.accepted() - before).toBeLessThanOrEqual(4);
  expect(logger.lines.length).toBeLessThan(10);
});

it('P18: commands that wait for a connection are bounded', async () => {
  const fake = await fakeServer(() => undefined);
  const connection = connectionTo(fake.url, { clock: new ManualClock() });
  let refused = 0;
  for (let i = 0; i < 100_001; i++) {
    connection.send('PING', []).catch((error: Error) => {
      if (error.message.includes('wait for it already')) refused++;
    });
  }
  await waitFor(() => refused > 0);
  expect(refused).toBe(1);
});

it('connect() while down tries at once; ready() does not', async () => {
  // The clock stands still: nothing is tried in the background.
  const clock = new ManualClock();
  const fake = await refusing();
  const connection = connectionTo(fake.url, { clock });
  await errorOf(connection.connect());
  await errorOf(connection.ready());
  expect(fake.accepted()).toBe(1);
  await Promise.all([errorOf(connection.connect()), errorOf(connection.connect())]);
  expect(fake.accepted()).toBe(2);
  expect(connection.state).toBe('down');
});

it('the pauses between attempts double from 25 ms to 1 s', async () => {
  const clock = new RecordingClock();
  clock.setRandom(() => 0);
  const fake = await refusing();
  const connection = connectionTo(fake.url, { clock, connectTimeoutMs: 9999 });
  await errorOf(connection.connect());
  const expected = [25, 50, 100, 200, 400, 800, 1000, 1000];
  for (let attempt = 1; attempt < expected.length; attempt++) {
    await waitFor(() => clock.pauses.length === attempt);
    expect(fake.accepted()).toBe(attempt);
    await clock.advance(clock.pauses.at(-1) ?? 0);
  }
  await waitFor(() => clock.pauses.length === expected.length);
  expect(clock.pauses).toEqual(expected);
});

/** Remembers what it was asked for, but for time limits of handshakes. */
class RecordingClock extends ManualClock {
  readonly pauses: number[] = [];

  override schedule(callback: () => void, delayMs: number): ReturnType<ManualClock['schedule']> {
    if (delayMs !== 9999) this.pauses.push(delayMs);
    return super.schedule(callback, delayMs);
  }
}

/** Accepts connections and hangs up. */
function refusing(): Promise<FakeServer> {
  return fakeServer((_input, socket) => {
    socket.destroy();
    return undefined;
  });
}

it('what a caller’s client is set to cannot replay, queue or delay a command', async () => {
  const fake = await fakeRedis((input, socket) => {
    if (!input.includes('PING')) socket.destroy();
    return input.includes('PING') ? '+PONG\r\n' : undefined;
  });
  const hasty = {
    lazyConnect: true,
    enableOfflineQueue: true,
    autoResendUnfulfilledCommands: true,
    maxRetriesPerRequest: null,
    retryStrategy: () => 1,
    reconnectOnError: () => 2 as const,
    enableAutoPipelining: true,
    commandTimeout: 1,
    socketTimeout: 1,
    stringNumbers: true,
  };
  for (const client of [new Redis(fake.url, hasty), new Redis5(fake.url, hasty)]) {
    const connection = connectionTo(client);
    expect(await errorOf(connection.send('SET', ['k', 'v']))).toMatchObject({
      details: { applied: 'unknown' },
    });
    await connection.ready();
    expect(await connection.send('PING', [])).toEqual(Buffer.from('PONG'));
    await connection.disconnect();
  }
  expect(fake.accepted()).toBe(4);
});
