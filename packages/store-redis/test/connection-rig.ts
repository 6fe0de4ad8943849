import { createServer, type Server, type Socket } from 'node:net';
import { type Logger, systemClock } from '@larder/cache-core';
import { silentLogger } from '@larder/cache-core/store';
import { RedisConnection, type RedisConnectionParts } from '../src/connection/redis-connection.ts';
import { resolveConnectionOptions } from '../src/redis-store-options.ts';

const open: { close(): Promise<void> }[] = [];

/** A connection to a URL or by a client, ended by {@link closeAll}. */
export function connectionTo(
  target: unknown,
  parts: Partial<RedisConnectionParts> = {},
  options: Record<string, unknown> = {},
): RedisConnection {
  const { target: resolved } = resolveConnectionOptions(target, options, 'test');
  const connection = new RedisConnection({
    target: resolved,
    purpose: 'data',
    clock: systemClock,
    logger: silentLogger,
    connectTimeoutMs: 500,
    silenceMs: 1000,
    ...parts,
  });
  open.push({ close: () => connection.disconnect() });
  return connection;
}

/** Ends all that this file has opened. */
export async function closeAll(): Promise<void> {
  await Promise.all(open.splice(0).map((one) => one.close()));
}

/** What a rejected promise rejected with; fails where it resolves. */
export async function errorOf(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  try {
    await promise;
  } catch (error) {
    return error as Error & Record<string, unknown>;
  }
  throw new Error('It resolved.');
}

export interface FakeServer {
  readonly port: number;
  readonly url: string;
  /** How many connections have been made. */
  accepted(): number;
  cutAll(): void;
}

/** Something that listens on a port and answers each piece of input as `answer` does. */
export async function fakeServer(
  answer: (input: string, socket: Socket) => string | Buffer | undefined,
): Promise<FakeServer> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  const server: Server = createServer((socket) => {
    accepted += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (input) => {
      const reply = answer(input.toString('latin1'), socket);
      if (reply !== undefined) socket.write(reply);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cutAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  open.push({
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cutAll();
      }),
  });
  const { port } = server.address() as { port: number };
  return { port, url: `redis://127.0.0.1:${port}`, accepted: () => accepted, cutAll };
}

/** A server that greets as Redis does, and answers what follows as told. */
export function fakeRedis(
  answer: (input: string, socket: Socket) => string | Buffer | undefined,
  info = 'role:master\r\n',
): Promise<FakeServer> {
  return fakeServer((input, socket) => {
    const greeting = input.match(/\r\n(?:client|INFO|select|auth)\r\n/gi) ?? [];
    if (greeting.length === 0) return answer(input, socket);
    const text = `# Server\r\n${info}`;
    return greeting
      .map((name) => (/info/i.test(name) ? `$${text.length}\r\n${text}\r\n` : '+OK\r\n'))
      .join('');
  });
}

/** A logger that keeps what it is told. */
export function keepingLogger(): Logger & { readonly lines: string[] } {
  const lines: string[] = [];
  const at =
    (level: string) =>
    (fields: Readonly<Record<string, unknown>>, message: string): void => {
      lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
    };
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
