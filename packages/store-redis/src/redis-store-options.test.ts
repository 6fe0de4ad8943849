import { inspect } from 'node:util';
import { isCacheError, ManualClock, systemClock } from '@larder/cache-core';
import { silentLogger } from '@larder/cache-core/store';
import { Cluster, Redis } from 'ioredis';
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis-5';
import { describe, expect, it } from 'vitest';
import { resolveConnectionOptions, resolveRedisOptions } from './redis-store-options.ts';

const lazy = { lazyConnect: true };

describe('resolveRedisOptions', () => {
  it('has a default for everything', () => {
    const resolved = resolveRedisOptions();
    expect(resolved).toMatchObject({
      prefix: 'larder:',
      connectTimeoutMs: 500,
      operationTimeoutMs: 1000,
      writeDelayLimitMs: 1000,
      silenceMs: 1000,
      clock: systemClock,
      logger: silentLogger,
      codec: {},
    });
    expect(resolved.target).toMatchObject({ shown: 'localhost:6379', keyPrefix: '', database: 0 });
  });

  it.each([
    ['a URL', ['redis://h:1/2'], 'h:1', 2],
    ['a URL object', [new URL('redis://h:1/2')], 'h:1', 2],
    ['url among options', [{ url: 'redis://h:1/2' }], 'h:1', 2],
    ['a URL in second place', [undefined, { url: 'redis://h:1/2' }], 'h:1', 2],
    ['a URL and a database beside it', ['redis://h:1', { db: 2 }], 'h:1', 2],
    ['members', [{ host: 'h', port: 1, db: 2 }], 'h:1', 2],
    ['options twice', [{ host: 'h', port: 1 }, { db: 2 }], 'h:1', 2],
    ['an IPv6 address', [{ host: '::1' }], '[::1]:6379', 0],
    ['a socket', [{ path: '/run/redis.sock' }], '/run/redis.sock', 0],
    ['a client', [new Redis('redis://u:secret@h:1/2', lazy)], 'h:1', 2],
    ['a client of ioredis 5', [new Redis5('redis://u:secret@h:1/2', lazy)], 'h:1', 2],
    ['a client among options', [{ client: new Redis({ path: '/run/x', ...lazy }) }], '/run/x', 0],
  ])('takes %s', (_, args, shown, database) => {
    const { target } = resolveRedisOptions(...args);
    expect(target).toMatchObject({ shown, database });
  });

  it('makes clients that are not connected, with what the address says and what is asked for', () => {
    const { target } = resolveRedisOptions('rediss://u:p%40@h:1/2?family=6');
    const client = target.create({ lazyConnect: true, db: target.database });
    expect(client.status).toBe('wait');
    expect(client.options).toMatchObject({
      host: 'h',
      port: 1,
      username: 'u',
      password: 'p@',
      db: 2,
      family: 6,
      tls: {},
    });
    const own = resolveRedisOptions({ tls: { rejectUnauthorized: false } }).target.create(lazy);
    expect(own.options).toMatchObject({ host: 'localhost', tls: { rejectUnauthorized: false } });
  });

  it.each([
    ['an unknown option', { prefx: 'a' }, "Did you mean 'prefix'?"],
    ['null', null, 'a URL, an ioredis client or options'],
    ['a number', 6379, 'a URL, an ioredis client or options'],
    ['an array', ['redis://h'], 'an object'],
    ['a URL without a scheme', 'localhost:6379', "'redis://'"],
    [
      'a URL and a host',
      { url: 'redis://h', host: 'h' },
      'RedisStore.host cannot be given beside RedisStore.url',
    ],
    ['the database twice', { url: 'redis://h/1', db: 1 }, 'RedisStore.db cannot be given beside'],
    [
      'a password twice',
      { url: 'redis://:a@h', password: 'b' },
      'RedisStore.password cannot be given beside',
    ],
    [
      'a socket and a host',
      { path: '/x', host: 'h' },
      'RedisStore.host cannot be given beside RedisStore.path',
    ],
    ['TLS on a socket', { path: '/x', tls: true }, 'RedisStore.tls cannot be given beside RedisStore.path'],
    ['TLS denied', { url: 'rediss://h', tls: false }, 'RedisStore.tls cannot be given beside'],
    ['a client and a host', { client: new Redis(lazy), host: 'h' }, 'RedisStore.host cannot be given beside'],
    ['a url that is no string', { url: 5 }, 'RedisStore.url must be a string'],
    ['a host that is a URL', { host: 'redis://:secret@h' }, 'A URL belongs into the option url'],
    ['an empty host', { host: '' }, 'RedisStore.host'],
    ['port 0', { port: 0 }, 'from 1 to 65535'],
    ['a port as a string', { port: '6379' }, 'from 1 to 65535'],
    ['a relative socket', { path: 'x' }, 'RedisStore.path'],
    ['a negative database', { db: -1 }, 'RedisStore.db'],
    ['a family', { family: 5 }, 'RedisStore.family'],
    ['tls', { tls: 'yes' }, 'RedisStore.tls'],
    ['an empty password', { password: '' }, 'RedisStore.password'],
    ['a clock', { clock: {} }, 'RedisStore.clock'],
    ['a logger', { logger: { info() {} } }, 'RedisStore.logger'],
    ['connectTimeout 0', { connectTimeout: 0 }, 'RedisStore.connectTimeout'],
    ['connectTimeout Infinity', { connectTimeout: Infinity }, 'RedisStore.connectTimeout'],
    ['operationTimeout 0', { operationTimeout: 0 }, 'RedisStore.operationTimeout'],
    ['writeDelayLimit Infinity', { writeDelayLimit: Infinity }, 'RedisStore.writeDelayLimit'],
    ['silenceLimit', { silenceLimit: '5ms' }, 'RedisStore.silenceLimit'],
    ['a duration without a unit', { silenceLimit: '5' }, "'5s'"],
    ['allowSharedRoot', { allowSharedRoot: 1 }, 'RedisStore.allowSharedRoot'],
    ['a cluster', new Cluster(['h:1'], lazy as never), 'is a Cluster'],
    ['a cluster of ioredis 5', { client: new Cluster5(['h:1'], lazy as never) }, 'is a Cluster'],
    ['Sentinel', new Redis({ sentinels: [{ host: 'h', port: 1 }], name: 'm', ...lazy }), 'Sentinel'],
    ['another client', { client: { sendCommand() {} } }, 'is not a client of ioredis'],
    ['another client by itself', { sendCommand() {}, duplicate() {} }, 'is not a client of ioredis'],
    ['a client that is none', { client: 'redis://h' }, 'is not a client of ioredis'],
  ])('refuses %s', (_, first, fault) => {
    const error = refusal(() => resolveRedisOptions(first));
    expect(error.message).toContain(fault);
    expect(inspect(error, { depth: 9 })).not.toContain('secret');
  });

  it('refuses a URL or a client given twice', () => {
    expect(refusal(() => resolveRedisOptions('redis://h', { url: 'redis://h' })).message).toContain('url');
    expect(refusal(() => resolveRedisOptions('redis://h', { client: new Redis(lazy) })).message).toContain(
      'client',
    );
    expect(refusal(() => resolveRedisOptions(new Redis(lazy), { db: 1 })).message).toContain('db');
  });

  it('a getter that throws is a configuration error; options are read once', () => {
    const trap = Object.defineProperty({}, 'host', {
      enumerable: true,
      get() {
        throw new Error('trap');
      },
    });
    expect(refusal(() => resolveRedisOptions(trap)).message).toContain("'host' could not be read");
    const trapped = Object.defineProperty({}, 'duplicate', {
      get() {
        throw new Error('trap');
      },
    });
    refusal(() => resolveRedisOptions(trapped));
    refusal(() => resolveRedisOptions({ client: trapped }));
    const options = { prefix: 'a:', host: 'first' };
    const { target, prefix } = resolveRedisOptions(options);
    options.prefix = 'b:';
    options.host = 'second';
    expect(prefix).toBe('a:');
    expect(target.create(lazy).options.host).toBe('first');
  });

  it('a logger that throws harms nobody', () => {
    const fail = (): never => {
      throw new Error('disk full');
    };
    const { logger } = resolveRedisOptions({ logger: { debug: fail, info: fail, warn: fail, error: fail } });
    expect(() => logger.warn({}, 'x')).not.toThrow();
  });

  it('P23: shows no password', () => {
    const clock = new ManualClock();
    for (const first of [
      'redis://u:secret@h',
      { password: 'secret' },
      new Redis('redis://u:secret@h', lazy),
    ]) {
      const resolved = resolveRedisOptions(first, { clock });
      expect(inspect(resolved, { depth: 9, showHidden: true, getters: true })).not.toContain('secret');
      expect(JSON.stringify(resolved)).not.toContain('secret');
    }
  });
});

describe('prefix', () => {
  it.each([
    [undefined, 'larder:'],
    ['app', 'app:'],
    ['app:', 'app:'],
    ['app9', 'app9:'],
    ['app-', 'app-'],
    ['{app}', '{app}'],
    ['app:prod/', 'app:prod/'],
    ['café', 'café:'],
    ['vls', 'vls:'],
    ['V', 'V:'],
    ['*', '*'],
  ])('%j is %j', (prefix, expected) => {
    expect(resolveRedisOptions({ prefix }).prefix).toBe(expected);
  });

  it('an empty one needs allowSharedRoot', () => {
    expect(refusal(() => resolveRedisOptions({ prefix: '' })).message).toContain('allowSharedRoot: true');
    expect(resolveRedisOptions({ prefix: '', allowSharedRoot: true }).prefix).toBe('');
    expect(resolveRedisOptions(new Redis({ keyPrefix: 'mine', ...lazy }), { prefix: '' }).prefix).toBe(
      'mine:',
    );
  });

  it('a client’s prefix goes before it', () => {
    expect(resolveRedisOptions(new Redis({ keyPrefix: 'mine:', ...lazy })).prefix).toBe('mine:larder:');
    expect(resolveRedisOptions(new Redis5({ keyPrefix: 'mine', ...lazy }), { prefix: 'x' }).prefix).toBe(
      'minex:',
    );
    const error = refusal(() => resolveRedisOptions(new Redis({ keyPrefix: 'v:', ...lazy })));
    expect(error.message).toContain('keyPrefix of the client');
  });

  it.each(['v', 'l:', 'app:s:', 'app:v', 'v@x', 'a-l-b', 's*'])(
    '%j would meet the keys of another store',
    (prefix) => {
      expect(refusal(() => resolveRedisOptions({ prefix })).message).toMatch(
        /'v', 'l' or 's'.*another store/,
      );
    },
  );

  it.each([['\ud800'], ['a\nb'], ['a\0'], ['x'.repeat(513)], ['é'.repeat(257)], [5], [null]])(
    'refuses %j',
    (prefix) => {
      expect(refusal(() => resolveRedisOptions({ prefix })).message).toContain('RedisStore.prefix');
    },
  );

  it('takes 512 bytes', () => {
    expect(resolveRedisOptions({ prefix: `${'x'.repeat(511)}:` }).prefix).toHaveLength(512);
  });
});

it('resolveConnectionOptions takes no options of a store', () => {
  expect(resolveConnectionOptions('redis://h', { silenceLimit: '2s' }, 'RedisBus').silenceMs).toBe(2000);
  expect(
    refusal(() => resolveConnectionOptions('redis://h', { maxValueBytes: 1 }, 'RedisBus')).message,
  ).toContain('RedisBus');
});

function refusal(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    expect(error).toSatisfy((one) => isCacheError(one, 'INVALID_CONFIGURATION'));
    return error as Error;
  }
  throw new Error('It was taken.');
}
