import { isCacheError } from '@larder/cache-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRedisUrl } from './redis-url.ts';

describe('parseRedisUrl', () => {
  it.each([
    ['redis://localhost', { host: 'localhost', port: 6379, tls: false }],
    ['REDIS://localhost/', { host: 'localhost', port: 6379, tls: false }],
    ['rediss://cache.example:6380/2', { host: 'cache.example', port: 6380, db: 2, tls: true }],
    ['redis://:p%40ss%3Aw%2Frd@h:1', { host: 'h', port: 1, password: 'p@ss:w/rd', tls: false }],
    ['redis://us%3Aer:pw@h', { host: 'h', port: 6379, username: 'us:er', password: 'pw', tls: false }],
    ['redis://u:p@ss:w@h', { host: 'h', port: 6379, username: 'u', password: 'p@ss:w', tls: false }],
    ['redis://u:100%25@h', { host: 'h', port: 6379, username: 'u', password: '100%', tls: false }],
    ['redis://[::1]:6379/0', { host: '::1', port: 6379, db: 0, tls: false }],
    ['redis://[::1]', { host: '::1', port: 6379, tls: false }],
    ['redis://h?db=3', { host: 'h', port: 6379, db: 3, tls: false }],
    ['redis://h/4?family=6', { host: 'h', port: 6379, db: 4, family: 6, tls: false }],
    ['redis://my_redis.internal-1:65535', { host: 'my_redis.internal-1', port: 65_535, tls: false }],
    ['/run/redis.sock', { path: '/run/redis.sock', tls: false }],
    ['unix:///run/redis%20x.sock?db=2', { path: '/run/redis x.sock', db: 2, tls: false }],
    ['unix://:pw@/run/redis.sock', { path: '/run/redis.sock', password: 'pw', tls: false }],
  ])('reads %s', (url, expected) => {
    expect(parseRedisUrl(url, 'url')).toEqual(expected);
  });

  it.each([
    ['', 'is empty'],
    ['localhost:6379', "does not begin with 'redis://'"],
    ['localhost', "does not begin with 'redis://'"],
    ['redis:localhost', "does not begin with 'redis://'"],
    ['//localhost', 'unix socket'],
    ['http://localhost', "begins with 'http://'"],
    ['redis-sentinel://h', "begins with 'redis-sentinel://'"],
    [' redis://h', 'space'],
    ['redis://h\n', 'control character'],
    ['redis://', 'names no host'],
    ['redis://:6379', 'names no host'],
    ['redis://h:', 'port'],
    ['redis://h:0', 'port'],
    ['redis://h:65536', 'port'],
    ['redis://h:abc', 'port'],
    ['redis://h:-1', 'port'],
    ['redis://h:1e3', 'port'],
    ['redis://h:6379:6380', 'port'],
    ['redis://a,b', 'host'],
    ['redis://a:1,b:2', 'port'],
    ['redis://[::1', 'square brackets'],
    ['redis://[::g]', 'square brackets'],
    ['redis://[::1]x:6', 'square brackets'],
    ['redis://h/abc', 'number of a database'],
    ['redis://h/1/2', 'number of a database'],
    ['redis://h/-1', 'number of a database'],
    ['redis://h/2147483648', 'database'],
    ['redis://h/1?db=1', 'database twice'],
    ['redis://h?db=', 'database'],
    ['redis://h?db=x', 'database'],
    ['redis://h?db=1&db=2', "'db' twice"],
    ['redis://h?family=5', 'family'],
    ['redis://h?tls=true', "unknown parameter 'tls'"],
    ['redis://h?', null],
    ['redis://h#x', "'#'"],
    ['redis://user@h', 'no password'],
    ['redis://u:%zz@h', "'%' in its password"],
    ['unix://run/redis.sock', 'names a host'],
    ['unix://', 'unix socket'],
    ['unix:///', 'unix socket'],
    ['unix:///run/redis.sock?family=4', 'family'],
    ['/', 'unix socket'],
    [`/${'x'.repeat(108)}`, 'unix socket'],
  ])('refuses %j', (url, fault) => {
    if (fault === null) {
      expect(parseRedisUrl(url, 'url')).toEqual({ host: 'h', port: 6379, tls: false });
      return;
    }
    const error = refusal(url);
    expect(error.message).toContain(fault);
    expect(error.message).toMatch(/^RedisStore\.url /);
  });

  it.each([
    'redis://user:Zq@Xw/4711:Zq@host',
    'redis://user:Zq/Xw@host:6379/0',
    'redis://user:Zq?Xw@host',
    'redis://user:Zq#Xw@host',
    'redis://:Zq/Xw@host',
    'redis://:4711/Xw@host',
    'redis://:Zq/Xw',
  ])('P23: says that a password must be encoded, and not which: %s', (url) => {
    const error = refusal(url);
    expect(error.message).toContain('percent-encoded');
    for (const secret of ['Zq', 'Xw', '4711']) expect(error.message).not.toContain(secret);
  });

  it('P23: answers or refuses whatever it is given, and never shows a password', () => {
    const part = fc.string({ unit: fc.constantFrom(...'abz09:/?#[]@%&=. \n') });
    fc.assert(
      fc.property(part, part, (before, after) => {
        const url = `redis://u:${before}SECRET${after}@h`;
        try {
          parseRedisUrl(url, 'url');
        } catch (error) {
          expect(isCacheError(error, 'INVALID_CONFIGURATION')).toBe(true);
          expect(String(error)).not.toContain('SECRET');
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('takes any password that is encoded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (password) => {
        const url = `redis://:${encodeURIComponent(password)}@h`;
        expect(parseRedisUrl(url, 'url').password).toBe(password);
      }),
    );
  });
});

function refusal(url: string): Error {
  try {
    parseRedisUrl(url, 'RedisStore.url');
  } catch (error) {
    expect(isCacheError(error, 'INVALID_CONFIGURATION')).toBe(true);
    return error as Error;
  }
  throw new Error(`${url} was taken.`);
}
