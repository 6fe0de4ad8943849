import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Whoever holds it for longer hangs, or is somebody else. */
const WAIT_AT_MOST_MS = 10 * 60_000;

/**
 * Does the work while no other process of this system does work under a lock of that name. It is a name in Linux's abstract
 * socket namespace: the kernel takes it back from a process that dies. Where there are no such names, and from one container
 * to another, it keeps nobody out: the work must bear that, and is only spared most of the time.
 */
export async function withSystemLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  const address = `\0larder-${createHash('sha256').update(name).digest('hex').slice(0, 40)}`;
  const untilMs = performance.now() + WAIT_AT_MOST_MS;
  let holder = await take(address);
  while (holder === 'taken' && performance.now() < untilMs) {
    await sleep(50);
    holder = await take(address);
  }
  try {
    return await work();
  } finally {
    if (typeof holder === 'object') holder.close();
  }
}

/** What holds the name until it is closed; 'none' where names cannot be held here. */
async function take(address: string): Promise<Server | 'taken' | 'none'> {
  const server = createServer((socket) => socket.destroy());
  try {
    // Exclusive: in a cluster, workers would share it.
    server.listen({ path: address, exclusive: true });
    await once(server, 'listening');
    server.on('error', () => undefined);
    server.unref();
    return server;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? 'taken' : 'none';
  }
}
