import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { CacheErrorCode } from '@larder/cache-core';
import { FaultProxy, waitFor } from '@larder/store-testkit/services';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** A server that sends back what it receives, in this process. */
class EchoServer {
  readonly sockets: Socket[] = [];
  readonly received: string[] = [];
  /** How each connection ended, in the order of their ends: `'end'` for a FIN, or the code of the error. */
  readonly ends: string[] = [];
  readonly #server: Server;

  constructor() {
    this.#server = createServer((socket) => {
      const index = this.sockets.push(socket) - 1;
      this.received.push('');
      socket.on('data', (bytes) => {
        this.received[index] += bytes.toString('latin1');
        socket.write(bytes);
      });
      socket.on('end', () => this.ends.push('end'));
      socket.on('error', (error: NodeJS.ErrnoException) => this.ends.push(String(error.code)));
    });
  }

  async start(port = 0): Promise<{ host: string; port: number }> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    return { host: '127.0.0.1', port: (this.#server.address() as { port: number }).port };
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** A client that notes all that happens to it. */
class Client {
  readonly socket: Socket;
  received = '';
  readonly chunks: number[] = [];
  end: string | undefined;

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    this.socket.on('data', (bytes) => {
      this.received += bytes.toString('latin1');
      this.chunks.push(bytes.length);
    });
    this.socket.on('end', () => {
      this.end = 'end';
    });
    this.socket.on('error', (error: NodeJS.ErrnoException) => {
      this.end = String(error.code);
    });
  }

  async sends(text: string): Promise<void> {
    await new Promise((resolve) => this.socket.write(text, 'latin1', resolve));
  }

  gets(text: string): Promise<boolean> {
    return waitFor(() => this.received === text, { what: `'${text.slice(0, 40)}' to arrive` });
  }

  ends(): Promise<string> {
    return waitFor(() => this.end, { what: 'the end of the connection' });
  }
}

/** Resolves when a number that has grown grows no more. */
async function standsStill(number: () => number): Promise<void> {
  let last = 0;
  const still = (): boolean => {
    const before = last;
    last = number();
    return before > 0 && before === last;
  };
  await waitFor(still, { intervalMs: 50 });
}

let echo: EchoServer;
let target: { host: string; port: number };
let proxy: FaultProxy;
const clients: Client[] = [];

function client(): Client {
  const made = new Client(proxy.port);
  clients.push(made);
  return made;
}

/** A second client's bytes have come back: those of the first, sent before, would have come too. */
async function aRoundTripElsewhere(): Promise<void> {
  const other = client();
  await other.sends('other');
  await other.gets('other');
}

beforeEach(async () => {
  echo = new EchoServer();
  target = await echo.start();
  proxy = await FaultProxy.start({ target });
});

afterEach(async () => {
  for (const { socket } of clients.splice(0)) socket.destroy();
  await proxy.stop();
  await echo.stop();
});

describe('without a fault', () => {
  it('bytes and ends pass both ways', async () => {
    const a = client();
    await a.sends('hello');
    await a.gets('hello');
    expect(proxy.connections[0]).toMatchObject({
      index: 0,
      opening: 'hello',
      bytesToServer: 5,
      bytesToClient: 5,
    });
    a.socket.end();
    expect(await a.ends()).toBe('end');
    expect(echo.ends).toEqual(['end']);
    await waitFor(() => proxy.connections.length === 0);
    expect(proxy.accepted).toBe(1);
  });

  it('a megabyte for a slow reader arrives whole, and the sender is held back meanwhile', async () => {
    const a = client();
    a.socket.pause();
    await once(a.socket, 'connect');
    await waitFor(() => echo.sockets.length === 1);
    const text = 'x'.repeat(32 * 1024 * 1024);
    echo.sockets[0]?.write(text, 'latin1');
    await standsStill(() => proxy.connections[0]?.bytesToClient ?? 0);
    expect(echo.sockets[0]?.writableLength).toBeGreaterThan(0);
    a.socket.resume();
    await waitFor(() => a.received.length === text.length, { timeoutMs: 20_000 });
  });

  it('an RST of either side reaches the other (F11)', async () => {
    const [a, b] = [client(), client()];
    await a.sends('a');
    await a.gets('a');
    echo.sockets[0]?.resetAndDestroy();
    expect(await a.ends()).toBe('ECONNRESET');
    await b.sends('b');
    await b.gets('b');
    b.socket.resetAndDestroy();
    await waitFor(() => echo.ends.includes('ECONNRESET'));
  });

  it('a client that goes on sending after the FIN of the server is reset, as without a proxy', async () => {
    const a = client();
    await a.sends('a');
    await a.gets('a');
    echo.sockets[0]?.end();
    expect(await a.ends()).toBe('end');
    echo.sockets[0]?.destroy();
    const sentInVain = (): boolean => {
      a.socket.write('too late');
      return /EPIPE|ECONNRESET/.test(a.end ?? '');
    };
    await waitFor(sentInVain, { what: 'the client to notice' });
  });

  it('where nobody listens behind it, a client is cut off, and served once there is somebody (F12)', async () => {
    await echo.stop();
    expect(await client().ends()).toBe('ECONNRESET');
    await waitFor(() => proxy.connections.length === 0);
    echo = new EchoServer();
    await echo.start(target.port);
    const a = client();
    await a.sends('again');
    await a.gets('again');
  });

  it('its URL is that of the target at another address', async () => {
    const url = 'redis://me:p%40ss@127.0.0.1:1/3?x=1';
    await using other = await FaultProxy.start({ target: url });
    expect(other.url).toBe(`redis://me:p%40ss@127.0.0.1:${other.port}/3?x=1`);
    expect(proxy.url).toBe(`tcp://127.0.0.1:${proxy.port}`);
  });

  it('refuses a target, a scope and an amount that cannot be', async () => {
    const invalid = { code: CacheErrorCode.INVALID_CONFIGURATION };
    await expect(FaultProxy.start({ target: 'redis://me:secret@host' })).rejects.toMatchObject(invalid);
    await expect(FaultProxy.start({ target: 'redis://me:secret@host' })).rejects.not.toThrow(/secret/);
    await expect(FaultProxy.start({} as never)).rejects.toMatchObject(invalid);
    expect(() => proxy.delay(-1)).toThrow(/delay must be a whole number/);
    expect(() => proxy.cutAfter(0)).toThrow(/bytes must be/);
    expect(() => proxy.stall({ direction: 'up' as never })).toThrow(/direction must be/);
    expect(() => proxy.drop({ onyl: () => true } as never)).toThrow(/Did you mean 'only'/);
  });
});

describe('delay', () => {
  it('everything comes later, in order, the end of a connection too', async () => {
    const a = client();
    await a.sends('0');
    await a.gets('0');
    const startMs = performance.now();
    const delay = proxy.delay(60, { direction: 'toClient' });
    await a.sends('1');
    await waitFor(() => echo.received[0] === '01');
    delay.end();
    // No delay for this one, but it stands behind the one that has.
    await a.sends('2');
    a.socket.end();
    await a.gets('012');
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(60);
    expect(await a.ends()).toBe('end');
  });

  it('the end of an idle connection comes later too', async () => {
    const a = client();
    await a.sends('1');
    await a.gets('1');
    proxy.delay(60);
    const startMs = performance.now();
    echo.sockets[0]?.end();
    expect(await a.ends()).toBe('end');
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(60);
  });

  it('several delays add up', async () => {
    const a = client();
    proxy.delay(20);
    proxy.delay(20, { direction: 'toServer' });
    const startMs = performance.now();
    await a.sends('1');
    await a.gets('1');
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(60);
  });
});

describe('stall: half open (F6)', () => {
  it('keeps the connection, moves nothing, and delivers all of it afterwards', async () => {
    const a = client();
    await a.sends('1');
    await a.gets('1');
    const stall = proxy.stall({ only: (connection) => connection.index === 0 });
    await a.sends('2');
    echo.sockets[0]?.write('from the server');
    await aRoundTripElsewhere();
    expect([a.received, echo.received[0], a.end]).toEqual(['1', '1', undefined]);
    stall.end();
    await waitFor(() => a.received.length === 17);
    expect(a.received).toBe('1from the server2');
  });

  it('with discard what was held back is lost, and the connection lives on', async () => {
    const a = client();
    await a.sends('1');
    await a.gets('1');
    const stall = proxy.stall({ only: ({ index }) => index === 0 });
    await a.sends('2');
    await waitFor(() => proxy.connections[0]?.opening === '12');
    stall.end({ discard: true });
    await a.sends('3');
    await a.gets('13');
    expect(echo.received[0]).toBe('13');
  });

  it('neither a FIN nor an RST of one side shows on the other until it is over', async () => {
    const [a, b] = [client(), client()];
    for (const each of [a, b]) {
      await each.sends('1');
      await each.gets('1');
    }
    const stall = proxy.stall({ only: ({ index }) => index < 2 });
    a.socket.end();
    echo.sockets[1]?.resetAndDestroy();
    await aRoundTripElsewhere();
    expect([echo.ends, b.end]).toEqual([[], undefined]);
    stall.end();
    expect(await b.ends()).toBe('ECONNRESET');
    await waitFor(() => echo.ends.includes('end'));
  });

  it('is for one direction where that is asked', async () => {
    const a = client();
    const stall = proxy.stall({ direction: 'toClient' });
    await a.sends('1');
    await waitFor(() => echo.received[0] === '1');
    expect(a.received).toBe('');
    stall.end();
    await a.gets('1');
  });

  it('accepts connections that get no answer', async () => {
    proxy.stall();
    const a = client();
    await once(a.socket, 'connect');
    await a.sends('hello?');
    await waitFor(() => proxy.connections[0]?.opening === 'hello?');
    expect(echo.received.join('')).toBe('');
    proxy.resume();
    await a.gets('hello?');
  });

  it('takes at most a megabyte of what a sender has, as the buffers of a network would', async () => {
    const a = client();
    proxy.stall();
    let taken = 0;
    const sending = (async () => {
      for (; taken < 512; taken++) await a.sends('x'.repeat(64 * 1024));
    })();
    await standsStill(() => taken);
    expect(taken).toBeLessThan(256);
    proxy.resume();
    await waitFor(() => a.received.length === 32 * 1024 * 1024, { timeoutMs: 20_000 });
    await sending;
  });
});

describe('one connection by what it sent', () => {
  it('stalls the one that sends SUBSCRIBE, from that command on', async () => {
    const [subscriber, other] = [client(), client()];
    proxy.stall({ only: (connection) => connection.sent('SUBSCRIBE') });
    await subscriber.sends('hello\r\n');
    await subscriber.gets('hello\r\n');
    await subscriber.sends('subscribe bus\r\n');
    await other.sends('get k');
    await other.gets('get k');
    await waitFor(() => proxy.connections.find(({ index }) => index === 0)?.sent('SUBSCRIBE'));
    expect(subscriber.received).toBe('hello\r\n');
    proxy.resume();
    await subscriber.gets('hello\r\nsubscribe bus\r\n');
  });
});

describe('drop, rewrite, throttle', () => {
  it('drop swallows bytes for good, on a connection that lives on (F7)', async () => {
    const a = client();
    const drop = proxy.drop({ direction: 'toClient', only: ({ index }) => index === 0 });
    await a.sends('1');
    await waitFor(() => echo.received[0] === '1');
    await aRoundTripElsewhere();
    drop.end();
    await a.sends('2');
    await a.gets('2');
    expect(echo.received[0]).toBe('12');
  });

  it('drop hides the end of a connection until it is over', async () => {
    const a = client();
    await a.sends('1');
    await a.gets('1');
    const drop = proxy.drop({ only: ({ index }) => index === 0 });
    echo.sockets[0]?.end();
    await aRoundTripElsewhere();
    expect(a.end).toBeUndefined();
    drop.end();
    expect(await a.ends()).toBe('end');
  });

  it('rewrite puts other bytes in the place of those that come', async () => {
    const a = client();
    const rewrite = proxy.rewrite(() => Buffer.from('-LOADING\r\n'), { direction: 'toClient' });
    await a.sends('1');
    await a.gets('-LOADING\r\n');
    rewrite.end();
    await a.sends('2');
    await a.gets('-LOADING\r\n2');
  });

  it('throttle cuts into pieces, in order', async () => {
    const a = client();
    proxy.throttle({ bytes: 1, everyMs: 2 }, { direction: 'toClient' });
    await a.sends('0123456789');
    await a.gets('0123456789');
    expect(a.chunks.length).toBeGreaterThan(5);
  });
});

describe('cut, end, cutAfter', () => {
  it('cut breaks connections on both sides, and the next one is served (F5, F11)', async () => {
    const [a, b] = [client(), client()];
    for (const each of [a, b]) {
      await each.sends('1');
      await each.gets('1');
    }
    proxy.cut({ only: ({ index }) => index === 0 });
    expect(await a.ends()).toBe('ECONNRESET');
    await waitFor(() => echo.ends[0] === 'ECONNRESET');
    await b.sends('2');
    await b.gets('12');
    await aRoundTripElsewhere();
  });

  it('end is the FIN of a server that closes, requests unanswered (F20)', async () => {
    const a = client();
    await a.sends('1');
    await a.gets('1');
    proxy.stall({ direction: 'toClient' });
    await a.sends('2');
    await waitFor(() => echo.received[0] === '12');
    proxy.end();
    expect(await a.ends()).toBe('end');
    expect(a.received).toBe('1');
    await waitFor(() => echo.ends[0] === 'end');
  });

  it('cutAfter lets exactly so many bytes pass, then breaks (F11)', async () => {
    const a = client();
    await a.sends('12345');
    await a.gets('12345');
    proxy.cutAfter(3);
    await a.sends('67890');
    expect(await a.ends()).toBe('ECONNRESET');
    expect(a.received).toBe('12345678');
    await aRoundTripElsewhere();
  });

  it('cutAfter counts over several pieces, to the server too, and can end cleanly', async () => {
    const a = client();
    proxy.cutAfter(3, { direction: 'toServer', clean: true });
    await a.sends('12');
    await a.gets('12');
    await a.sends('345');
    expect(await a.ends()).toBe('end');
    await waitFor(() => echo.ends[0] === 'end');
    expect(echo.received[0]).toBe('123');
  });

  it('cutAfter that was ended cuts nothing', async () => {
    const a = client();
    proxy.cutAfter(3).end();
    await a.sends('12345');
    await a.gets('12345');
  });
});

describe('refuse and accept', () => {
  it('refuses new connections, keeps the open ones, and comes back on the same port (F11, F12)', async () => {
    const a = client();
    await a.sends('1');
    await a.gets('1');
    proxy.refuse();
    expect(await client().ends()).toBe('ECONNREFUSED');
    await a.sends('2');
    await a.gets('12');
    await proxy.accept();
    await proxy.accept();
    await aRoundTripElsewhere();
  });

  it('stopped, it has no connection and no port, and cannot be opened again', async () => {
    const a = client();
    await a.sends('1');
    await a.gets('1');
    proxy.stall();
    await proxy.stop();
    await proxy.stop();
    expect(await a.ends()).toBe('ECONNRESET');
    expect(proxy.connections).toEqual([]);
    expect(await client().ends()).toBe('ECONNREFUSED');
    await expect(proxy.accept()).rejects.toMatchObject({ code: CacheErrorCode.CLOSED });
  });
});
