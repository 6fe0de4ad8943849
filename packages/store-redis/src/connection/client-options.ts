import type { RedisOptions } from 'ioredis';

/**
 * What each of our clients is opened with, whatever the caller's own client has. One client is one connection: it never
 * reconnects, never queues and never sends anything twice, so that no command is carried out after its caller was told
 * that it failed. Coming back is the business of `RedisConnection`, which opens another client.
 */
export function safeClientOptions(database: number, connectionName: string): RedisOptions {
  return {
    lazyConnect: true,
    retryStrategy: null,
    reconnectOnError: null,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    // By the clock of the connection, which counts the whole handshake; so does the check for a server that is loading.
    connectTimeout: 0,
    enableReadyCheck: false,
    // A half-open connection would otherwise keep its callers waiting for two seconds more.
    disconnectTimeout: 0,
    commandTimeout: undefined,
    socketTimeout: undefined,
    // Replies look the same from either major version, and from servers and proxies without HELLO.
    protocol: 2,
    replyMapping: 'legacy',
    stringNumbers: false,
    // The caller's prefix becomes a part of the store's: scripts and channels are not prefixed by a client.
    keyPrefix: '',
    db: database,
    connectionName,
    disableClientInfo: true,
    enableAutoPipelining: false,
    showFriendlyErrorStack: false,
    readOnly: false,
    monitor: false,
    noDelay: true,
    keepAlive: 30_000,
    scripts: undefined,
    himportFieldsets: undefined,
  };
}
