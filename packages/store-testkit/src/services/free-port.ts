import { once } from 'node:events';
import { createServer } from 'node:net';
import { CacheError, CacheErrorCode } from '@larder/cache-core';

/**
 * Below the ports that systems hand out to outgoing connections (from 32768 on Linux, 49152 elsewhere): there, a client
 * that tries a closed port again and again can take it away from the server that is to come back, or even meet itself.
 */
const LOWEST = 15_000;
const HIGHEST = 32_000;
const ATTEMPTS = 100;

/**
 * A TCP port of the loopback that nobody listens on, drawn at random, so that test processes side by side rarely meet.
 * It is not reserved: whoever takes it must be ready to find it taken.
 *
 * @throws CacheError `STORE_UNAVAILABLE` after a hundred ports that are taken
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (await isFree(port)) return port;
  }
  throw new CacheError(
    `No free port: ${ATTEMPTS} ports of 127.0.0.1 were tried. Is this process allowed to listen?`,
    CacheErrorCode.STORE_UNAVAILABLE,
  );
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen({ port, host: '127.0.0.1', exclusive: true });
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
    return true;
  } catch {
    return false;
  }
}
