import { CacheError, CacheErrorCode } from '@larder/cache-core';
import type { Redis } from 'ioredis';

/**
 * Asks the server whether it can be worked with: it has loaded its data, it is a primary (a replica may lag behind an
 * invalidation), it is no node of a cluster. A server that does not let its user ask passes.
 * @throws CacheError `STORE_UNAVAILABLE`; what the client throws
 */
export async function checkServer(client: Redis, shown: string): Promise<void> {
  let info: string;
  try {
    info = String(await client.callBuffer('INFO'));
  } catch (error) {
    if (error instanceof Error && /^(?:NOPERM|ERR unknown command)/.test(error.message)) return;
    throw error;
  }
  const fault = faultOf(info);
  if (fault === undefined) return;
  throw new CacheError(`Redis at ${shown} ${fault}`, CacheErrorCode.STORE_UNAVAILABLE, {
    retryable: true,
    details: { applied: 'no' },
  });
}

function faultOf(info: string): string | undefined {
  const has = (line: string): boolean => info.includes(`\n${line}`);
  if (has('loading:1')) return 'is still loading its data. Wait, it is tried again by itself.';
  if (has('cluster_enabled:1')) {
    return 'is a node of a Redis Cluster, which is not supported yet. Give the address of a standalone server.';
  }
  if (has('role:slave')) {
    return 'is a read-only replica. Give the address of the primary; it is tried again by itself.';
  }
  return undefined;
}
