import { describe, expect, it } from 'vitest';
import { walkKeys } from '../src/listing/key-walk.ts';
import { HeldLoader } from './live-loader.ts';
import { BARE, liveWorld, until } from './live-world.ts';

const world = liveWorld();

/** Everything on the server but what stands under a prefix. */
async function foreign(prefix: string): Promise<Map<string, string>> {
  const names = (await world.server.command<string[]>('KEYS', '*')).filter(
    (name) => !name.startsWith(prefix),
  );
  const dumps = await Promise.all(names.map((name) => world.server.commandBuffer<Buffer>('DUMP', name)));
  return new Map(names.map((name, at) => [name, dumps[at]!.toString('hex')]));
}

/** Keys of others whose names are easily taken for own ones. */
async function plantForeign(prefix: string): Promise<void> {
  const names = [
    'unrelated',
    'v:k',
    'larder:v:k',
    `${prefix.slice(0, -1)}v:k`,
    `${prefix.slice(0, -1)}2:v:k`,
    `x${prefix}v:k`,
    `${prefix.slice(0, -1)}`,
    prefix.replace(/[*?[\]]/g, 'e') === prefix
      ? 'livee:v:k'
      : `${prefix.replace(/[*?]/g, 'ee').replace(/[[\]]/g, '')}v:k`,
  ];
  for (const name of names) await world.server.command('SET', name, `foreign ${name}`);
  await world.server.command('RPUSH', 'a list', 'x');
}

const PREFIXES = ['app:', 'a*p:', 'a?p:', 'a[p]:', 'a\\p:', 'a-[^p]:', '*:', '{app}:', 'é👩:'];

describe('P17, F28 clear touches own keys alone', () => {
  it.each(PREFIXES)(
    'prefix %s: own entries are gone at the acknowledgement, foreign ones are intact',
    async (prefix) => {
      await world.server.command('FLUSHALL');
      await plantForeign(prefix);
      const longer = world.open({ prefix: `${prefix}longer:`, cache: BARE });
      await longer.cache.set('k', 'of a longer prefix');
      const one = world.open({ prefix, cache: BARE });
      const other = world.open({ prefix, cache: BARE });
      // Of a longer prefix keys begin with the shorter one: they count as foreign all the same.
      const others = await foreign(`${prefix}v`);
      await one.cache.setMany(Array.from({ length: 50 }, (_, at) => ({ key: `k${at}`, value: at })));
      await one.cache.namespace('n').set('k', 1);
      await one.cache.clear();
      expect(await other.cache.get('k7')).toBeNull();
      expect(await other.cache.namespace('n').get('k')).toBeNull();
      // The space is given back.
      const own = async (): Promise<string[]> => {
        const names = await world.server.command<string[]>('KEYS', '*');
        return names.filter((name) => name.startsWith(`${prefix}v:`) || name.startsWith(`${prefix}v@`));
      };
      await until(async () => (await own()).length === 0, 'the space to be given back');
      const now = await foreign(`${prefix}v`);
      for (const [name, dump] of others) {
        if ([`${prefix}seq`, `${prefix}clear`].includes(name) || name.startsWith(`${prefix}s:`)) continue;
        expect([name, now.get(name)]).toEqual([name, dump]);
      }
      expect(await longer.cache.get('k')).toBe('of a longer prefix');
    },
  );

  it('during fills: what began before is dead, what began after lives, and is not swept away', async () => {
    const [one, other] = [world.open({ cache: BARE }), world.open({ cache: BARE })];
    const held = new HeldLoader();
    const early = Array.from({ length: 50 }, (_, at) => one.cache.get(`early${at}`, held.load));
    await held.begun(50);
    await other.cache.setMany(Array.from({ length: 1000 }, (_, at) => ({ key: `before${at}`, value: at })));
    const clearing = other.cache.clear();
    await clearing;
    held.answer('old');
    await Promise.all(early);
    const after = Array.from({ length: 200 }, (_, at) => ({ key: `after${at}`, value: at }));
    await one.cache.setMany(after);
    expect(await other.cache.getMany(Array.from({ length: 50 }, (_, at) => `early${at}`))).toEqual(
      new Array(50).fill(null),
    );
    await until(
      async () => Number(await world.server.command('EXISTS', world.layout.value(':before7'))) === 0,
      'the sweep',
    );
    await until(async () => {
      const names = await world.server.command<string[]>('KEYS', `${world.layout.value(':before')}*`);
      return names.length === 0;
    }, 'the sweep to end');
    expect(await other.cache.getMany(after.map(({ key }) => key))).toEqual(after.map(({ value }) => value));
  });

  it('foreign bytes under an own name are not removed by a clear', async () => {
    const one = world.open({ cache: BARE });
    await one.cache.setMany(Array.from({ length: 20 }, (_, at) => ({ key: `k${at}`, value: at })));
    await world.server.command('SET', world.layout.value(':foreign'), 'not ours');
    await one.cache.clear();
    await until(
      async () => Number(await world.server.command('EXISTS', world.layout.value(':k7'))) === 0,
      'the sweep',
    );
    expect(await world.server.command('GET', world.layout.value(':foreign'))).toBe('not ours');
  });

  it('an answer of SCAN that holds more than was asked for is not believed', async () => {
    const reply = [
      Buffer.from('0'),
      ['app:v:k', 'app2:v:k', 'v:k', 'app:v'].map((name) => Buffer.from(name)),
    ];
    const found: string[] = [];
    for await (const keys of walkKeys({ send: async () => reply }, 'app:v:*', 'app:v:'))
      found.push(...keys.map(String));
    expect(found).toEqual(['app:v:k']);
  });

  it('listing sees own keys alone, and no glob of a key', async () => {
    const prefix = 'a*p:';
    const one = world.open({ prefix, cache: BARE });
    await plantForeign(prefix);
    await world.server.command('SET', 'aXXp:v:foreign', 'x');
    for (const key of ['a*b', 'axb', 'a?b', 'a[b]']) await one.cache.set(key, 1);
    await one.cache.namespace('n').set('hidden', 1);
    const list = async (pattern?: string): Promise<string[]> => {
      const found: string[] = [];
      for await (const key of one.store.keys(pattern)) found.push(key);
      return found.sort();
    };
    expect(await list()).toEqual(['a*b', 'a?b', 'a[b]', 'axb'].sort());
    expect(await list('a\\*b')).toEqual(['a*b']);
    await one.cache.clear();
    expect(await list()).toEqual([]);
  });
});
