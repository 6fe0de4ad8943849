import { answerRequests, RedisServer } from '@larder/store-testkit/services';

// A process that starts servers and comes to a bad end.

const servers: RedisServer[] = [];

const handlers = {
  /** Starts a server, paused if asked; answers its process id and its folder. */
  async start(paused: boolean): Promise<{ pid: number; folder: string }> {
    const server = await RedisServer.start();
    servers.push(server);
    const [, folder = ''] = await server.command<string[]>('CONFIG', 'GET', 'dir');
    if (paused) await server.pause();
    return { pid: server.pid, folder };
  },
  exit(): void {
    setImmediate(() => process.exit(3));
  },
  crash(): void {
    setImmediate(() => {
      throw new Error('a crash on purpose');
    });
  },
  terminate(): void {
    process.kill(process.pid, 'SIGTERM');
  },
  echo(value: unknown): unknown {
    return value;
  },
  fail(): void {
    throw Object.assign(new TypeError('no such luck'), { code: 'E_LUCK', details: { tries: 3 } });
  },
  uncloneable(): unknown {
    return () => undefined;
  },
};

export type ServerOwner = typeof handlers;

answerRequests(handlers, { close: () => process.stdout.write('closed\n') });
