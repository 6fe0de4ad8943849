import { describe, expect, it } from 'vitest';
import { redactUrl } from './redact.ts';

describe('redactUrl', () => {
  it.each([
    ['redis://host:6379/0', 'redis://host:6379/0'],
    ['redis://[::1]', 'redis://[::1]'],
    ['redis://user:pa55@[::1]:6379', 'redis://[::1]:6379'],
    ['redis://:pa55@host:6379/0', 'redis://host:6379/0'],
    ['redis://user:p@ss/w:rd@host:6379/0', 'redis://host:6379/0'],
    ['redis://:p?ss#w@host', 'redis://host'],
    ['user:pa55@host:11211', 'host:11211'],
    ['host:11211', 'host:11211'],
    ['/var/run/redis.sock', '/var/run/redis.sock'],
    [
      'postgres://u:pa55@db/app?sslmode=require&password=pa55&x=1',
      'postgres://db/app?sslmode=require&password=***&x=1',
    ],
    ['postgres://db/app?PGPASSWORD=pa55;access_token=t', 'postgres://db/app?PGPASSWORD=***;access_token=***'],
    ["host=db password='pa55 word' dbname=app", 'host=db password=*** dbname=app'],
    ['host=db user = u password = pa55', 'host=db user = *** password = ***'],
    ['', ''],
  ])('%s → %s', (url, shown) => {
    expect(redactUrl(url)).toBe(shown);
  });

  it('takes a URL object', () => {
    expect(redactUrl(new URL('redis://user:pa55@host:6379/0'))).toBe('redis://host:6379/0');
  });

  it('is quick for what is very long', () => {
    expect(redactUrl(`redis://${'pass'.repeat(1e6)}`).length).toBeLessThan(600);
  });
});
