import { randomBytes } from 'node:crypto';
import { JSONSerializer } from '@larder/cache-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failureOf, timed } from './live-loader.ts';
import { BARE, type LiveProcess, liveWorld, until } from './live-world.ts';

const world = liveWorld();

const nameOf = (key: string): string => world.layout.value(`:${key}`);
const plant = (key: string, bytes: string | Uint8Array): Promise<unknown> =>
  world.server.command('SET', nameOf(key), bytes);
const bytesOf = (key: string): Promise<Buffer> => world.server.commandBuffer<Buffer>('GET', nameOf(key));

/** Whatever stands there is a miss: the loader's value is answered, takes its place, and is read by others. */
async function isMissed(one: LiveProcess, other: LiveProcess, key: string): Promise<void> {
  expect(await one.cache.get(key)).toBeNull();
  expect(await one.cache.get(key, () => 'loaded')).toBe('loaded');
  expect(await other.cache.get(key)).toBe('loaded');
}

const two = (): [LiveProcess, LiveProcess] => [
  world.open({ direct: true, cache: BARE }),
  world.open({ direct: true, cache: BARE }),
];

describe('F17 bytes that are not what was written', () => {
  it('every truncation, every bit flipped, something behind it: a miss each time, and it heals', async () => {
    const [one, other] = two();
    const items = (keys: readonly string[]) =>
      keys.map((key) => ({ key, value: `value of ${key}`, tags: ['t'], ttl: '1m' }));
    await one.cache.setMany(items(['sample']));
    const size = (await bytesOf('sample')).length;
    const damages: ((good: Buffer) => Buffer)[] = [];
    for (let length = 0; length < size; length++) damages.push((good) => good.subarray(0, length));
    for (let bit = 0; bit < size * 8; bit++) {
      damages.push((good) => {
        const bad = Buffer.from(good);
        bad[bit >> 3]! ^= 1 << (bit & 7);
        return bad;
      });
    }
    damages.push(
      (good) => Buffer.concat([good, Buffer.from([0])]),
      (good) => Buffer.concat([good, good]),
    );
    // A damage for each key, all keys of one length.
    const keys = damages.map((_, at) => `k${String(at).padStart(5, '0')}`);
    await one.cache.setMany(items(keys));
    const good = await world.server.commandBuffer<Buffer[]>('MGET', ...keys.map(nameOf));
    await world.server.command('MSET', ...keys.flatMap((key, at) => [nameOf(key), damages[at]!(good[at]!)]));
    expect((await one.cache.getMany(keys)).filter((value) => value !== null)).toEqual([]);
    expect(one.cache.stats().unreadable).toBeGreaterThan(keys.length - 10);
    await Promise.all(keys.map((key) => one.cache.get(key, () => `new ${key}`)));
    expect(await other.cache.getMany(keys)).toEqual(keys.map((key) => `new ${key}`));
  });

  it('random bytes', async () => {
    const [one, other] = two();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.boolean(), async (bytes, dressed) => {
        await plant('k', dressed ? Buffer.concat([Buffer.from('LDR1'), bytes]) : bytes);
        await isMissed(one, other, 'k');
      }),
      { numRuns: 100 },
    );
  });

  it("another key's value, moved or copied", async () => {
    const [one, other] = two();
    await one.cache.set('other', 'secret of another key');
    await world.server.command('COPY', nameOf('other'), nameOf('k'));
    await isMissed(one, other, 'k');
    await one.cache.namespace('n').set('k', 'of a namespace');
    await world.server.command('COPY', world.layout.value('@n:k'), nameOf('k'), 'REPLACE');
    await isMissed(one, other, 'k');
    // Of another store on the same server.
    const stranger = world.open({ direct: true, prefix: 'another:', cache: BARE });
    await stranger.cache.set('k', 'of another store');
    await world.server.command('COPY', 'another:v:k', nameOf('k'), 'REPLACE');
    await isMissed(one, other, 'k');
  });

  it("the header of one entry before another's envelope", async () => {
    const [one, other] = two();
    await one.cache.set('k', 'old');
    const old = await bytesOf('k');
    await one.cache.delete('k');
    await one.cache.set('other', 'new');
    // A header that stands, with an envelope of another key.
    const fresh = await bytesOf('other');
    await plant('k', Buffer.concat([fresh.subarray(0, 52), fresh.subarray(52)]));
    await isMissed(one, other, 'k');
    await one.cache.delete('k');
    // An old entry played back as it was is valid as long as nothing but its own deletion has happened: not promised against.
    await plant('k', old);
    await one.cache.clear();
    expect(await one.cache.get('k')).toBeNull();
  });

  const types: readonly (readonly [string, (name: string) => readonly (string | number)[]])[] = [
    ['a list', (name) => ['RPUSH', name, 'a', 'b']],
    ['a hash', (name) => ['HSET', name, 'a', 'b']],
    ['a set', (name) => ['SADD', name, 'a']],
    ['a sorted set', (name) => ['ZADD', name, 1, 'a']],
    ['a stream', (name) => ['XADD', name, '*', 'a', 'b']],
  ];

  it.each(types)(
    '%s under the key: a miss for reads; loads, writes, counters, deletions replace it',
    async (_name, command) => {
      const [one, other] = two();
      const put = async (): Promise<void> => {
        await world.server.command('DEL', nameOf('k'));
        await world.server.command(...command(nameOf('k')));
      };
      await put();
      await isMissed(one, other, 'k');
      await put();
      await one.cache.set('k', 'set');
      expect(await other.cache.get('k')).toBe('set');
      await put();
      await one.cache.delete('k');
      expect(await world.server.command('EXISTS', nameOf('k'))).toBe(0);
      await put();
      await one.cache.expire('k');
      expect(await other.cache.get('k')).toBeNull();
      await put();
      expect(await one.cache.increment('k')).toBe(1);
      expect(await one.cache.expire('k', '1m')).toBe(true);
    },
  );

  it('a large string of somebody else: no more than a deadline, and it is replaced', async () => {
    const one = world.open({ direct: true, cache: { ...BARE, storeTimeout: '2s' } });
    await one.cache.get('x', () => 1);
    await world.server.command('SETRANGE', nameOf('k'), 64 * 1024 * 1024 - 1, 'x');
    const { tookMs, value } = await timed(() => one.cache.get('k', () => 'loaded'));
    expect(value).toBe('loaded');
    expect(tookMs).toBeLessThan(4000);
    await until(
      async () => (await one.cache.get('k', () => 'loaded')) === 'loaded' && (await one.cache.has('k')),
      'it to be replaced',
    );
  });
});

describe('F40 versions of the library side by side', () => {
  it('an entry of a newer header format: a miss, left alone by reads, replaced by a load or a write', async () => {
    const [one, other] = two();
    await one.cache.set('k', 'of today');
    const newer = Buffer.from(await bytesOf('k'));
    newer[3] = '2'.charCodeAt(0);
    await plant('k', newer);
    expect(await one.cache.get('k')).toBeNull();
    expect(await one.cache.getMany(['k'])).toEqual([null]);
    expect(await one.cache.has('k')).toBe(false);
    expect((await bytesOf('k')).equals(newer)).toBe(true);
    await expect(one.cache.get('k', () => Promise.reject(new Error('source down')))).rejects.toThrow(
      'source down',
    );
    expect((await bytesOf('k')).equals(newer)).toBe(true);
    await isMissed(one, other, 'k');
    await plant('k', newer);
    await one.cache.set('k', 'written');
    expect(await other.cache.get('k')).toBe('written');
  });

  it('one that a newer process writes while an older one loads is not replaced by it', async () => {
    const [one, other] = two();
    await other.cache.set('k', 'x');
    const newer = Buffer.from(await bytesOf('k'));
    await other.cache.delete('k');
    newer[3] = '2'.charCodeAt(0);
    const loading = one.cache.get('k', async () => {
      // As a newer process writes: it voids the lease, which has not changed.
      await world.server.command('DEL', world.layout.lease(':k'));
      await plant('k', newer);
      return 'older';
    });
    expect(await loading).toBe('older');
    expect((await bytesOf('k')).equals(newer)).toBe(true);
  });

  it.each([0, 2, 255])('an envelope of format %i: a miss, replaced by a load', async (format) => {
    const [one, other] = two();
    await one.cache.set('k', 'of today');
    const newer = Buffer.from(await bytesOf('k'));
    const envelope = newer.subarray(52);
    // The byte behind the magic of the envelope.
    for (let at = 0; at < 5; at++) {
      const bytes = Buffer.from(newer);
      bytes[52 + at] = format;
      if (bytes.equals(newer)) continue;
      await plant('k', bytes);
      await isMissed(one, other, 'k');
    }
    expect(envelope.length).toBeGreaterThan(5);
  });
});

describe('F18 entries that explode', () => {
  it('a compressed value beyond the limit of the reader: a miss, and no memory for it', async () => {
    const writer = world.open({
      cache: BARE,
      store: { compression: { algorithm: 'gzip', threshold: 1024 }, maxValueBytes: '64mb' },
    });
    const reader = world.open({
      cache: BARE,
      store: { compression: { algorithm: 'gzip', threshold: 1024 }, maxValueBytes: '64kb' },
    });
    await writer.cache.set('bomb', 'x'.repeat(32 * 1024 * 1024));
    expect((await bytesOf('bomb')).length).toBeLessThan(200_000);
    const before = process.memoryUsage().rss;
    expect(await reader.cache.get('bomb', () => 'loaded')).toBe('loaded');
    expect(process.memoryUsage().rss - before).toBeLessThan(24 * 1024 * 1024);
    expect(reader.cache.stats().unreadable).toBeGreaterThan(0);
  });

  const texts: readonly (readonly [string, string])[] = [
    ['nested 100,000 deep', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['__proto__ at each level', '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'],
    ['no JSON', '{"a":'],
    ['a number of 300,000 digits', '9'.repeat(300_000)],
  ];

  it.each(texts)('%s, as JSON: read harmlessly or missed', async (_name, text) => {
    const forging = { format: new JSONSerializer().format, serialize: () => text, deserialize: () => null };
    const forger = world.open({ cache: BARE, store: { serializer: forging as never } });
    const reader = world.open({ cache: BARE, store: { serializer: new JSONSerializer() } });
    await forger.cache.set('k', 'whatever');
    await reader.cache.get('k', () => 'loaded');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(await reader.cache.get('other', () => 'works')).toBe('works');
  });
});

describe('F19 a value that is too large', () => {
  it('is refused before anything is sent', async () => {
    const one = world.open({ cache: BARE, store: { maxValueBytes: '10kb' } });
    await one.cache.set('k', 'kept');
    await world.server.resetCounts();
    expect(await failureOf(one.cache.set('k', 'v'.repeat(20_000)))).toMatchObject({
      name: 'CacheError',
      retryable: false,
    });
    const counts = await world.server.commandCounts();
    expect([counts.get('evalsha'), counts.get('eval'), counts.get('set')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(await one.cache.get('k')).toBe('kept');
    // A loader's is answered all the same, and not stored.
    expect(await one.cache.get('large', () => 'v'.repeat(20_000))).toHaveLength(20_000);
    await one.cache.flush();
    expect(await world.server.command('EXISTS', nameOf('large'), world.layout.lease(':large'))).toBe(0);
  });
});

describe('F21 keys of all kinds', () => {
  const keys = [
    'x'.repeat(251),
    'x'.repeat(65_535),
    ' ',
    '\t',
    'a\r\nset x 0 0 1\r\nZ\r\n',
    '\0',
    'a\0b',
    '*',
    '[a-z]',
    '\\',
    '{a}',
    ':',
    '::',
    'a:b',
    '@n:k',
    '__proto__',
    'toString',
    'seq',
    'clear',
    '\u00e9',
    'e\u0301',
    '\u2028',
    '👩‍👩‍👧',
    randomBytes(20).toString('latin1'),
  ];

  it('each keeps its own value, and goes by itself', async () => {
    const [one, other] = two();
    for (const [at, key] of keys.entries()) await one.cache.set(key, at);
    for (const [at, key] of keys.entries()) expect(await other.cache.get(key)).toBe(at);
    expect(await other.cache.getMany(keys)).toEqual(keys.map((_, at) => at));
    for (const key of keys) {
      await other.cache.delete(key);
      expect(await one.cache.get(key)).toBeNull();
    }
  });

  it.each(['', '\ud800', 'a\udfff', 'x'.repeat(65_536)])(
    'one that is none is refused before anything is sent',
    async (key) => {
      const one = world.open({ cache: BARE });
      await world.server.resetCounts();
      for (const call of [
        () => one.cache.get(key),
        () => one.cache.set(key, 1),
        () => one.cache.delete(key),
      ]) {
        expect(await failureOf(call())).toMatchObject({ code: 'INVALID_KEY' });
      }
      expect((await world.server.commandCounts()).get('mget')).toBeUndefined();
    },
  );
});
