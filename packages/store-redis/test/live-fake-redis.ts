import { createServer, type Server, type Socket } from 'node:net';

/** Answers a command; null where it never does. */
export type Answer = (name: string, args: readonly Buffer[]) => string | Buffer | null;

/**
 * A small server that speaks the protocol of Redis, for replies that a real one cannot be brought to. It greets as Redis does;
 * everything else is up to the test.
 */
export class FakeRedis {
  readonly url: string;
  /** Names of the commands that came, in small letters. */
  readonly heard: string[] = [];
  /** Connections that were made. */
  accepted = 0;
  answer: Answer = () => '+OK\r\n';
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    this.url = `redis://127.0.0.1:${(server.address() as { port: number }).port}`;
  }

  static async start(): Promise<FakeRedis> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const fake = new FakeRedis(server);
    server.on('connection', (socket) => fake.#serve(socket));
    return fake;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    this.accepted += 1;
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
    let pending = Buffer.alloc(0);
    socket.on('data', (bytes) => {
      pending = Buffer.concat([pending, bytes]);
      for (;;) {
        const command = readCommand(pending);
        if (command === null) return;
        pending = pending.subarray(command.length);
        const [first = Buffer.alloc(0), ...args] = command.parts;
        const name = first.toString().toLowerCase();
        const reply = this.#reply(name, args);
        if (reply !== null) socket.write(reply);
      }
    });
  }

  #reply(name: string, args: readonly Buffer[]): string | Buffer | null {
    if (name === 'client' || name === 'select' || name === 'auth') return '+OK\r\n';
    if (name === 'info') return bulk('# Server\r\nredis_version:7.0.0\r\nloading:0\r\nrole:master\r\n');
    this.heard.push(name);
    return this.answer(name, args);
  }
}

export function bulk(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}

function readCommand(bytes: Buffer): { readonly parts: Buffer[]; readonly length: number } | null {
  let at = 0;
  const line = (): string | null => {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) return null;
    const text = bytes.toString('latin1', at, end);
    at = end + 2;
    return text;
  };
  const count = Number(line()?.slice(1) ?? Number.NaN);
  const parts: Buffer[] = [];
  for (let part = 0; part < count; part++) {
    const length = Number(line()?.slice(1) ?? Number.NaN);
    if (Number.isNaN(length) || bytes.length < at + length + 2) return null;
    parts.push(bytes.subarray(at, at + length));
    at += length + 2;
  }
  return Number.isNaN(count) ? null : { parts, length: at };
}
