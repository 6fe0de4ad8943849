import type { RedisServer } from '@larder/store-testkit/services';
import { oneOf, type Random, seededRandom, shuffled, wholeBetween } from '../random.ts';
import type { FaultGround, FaultKind, FaultMaker } from './fault.ts';

/** Keys of the store itself vanish, or hold what nobody has put there. Half of its entries are touched at most. */
export const DATA_FAULTS = {
  'evict-entries': {
    plan: (random) => {
      const kinds = oneOf(random, [['v'], ['l'], ['v', 'l']] as const);
      const text = { v: 'entries', l: 'leases' };
      return {
        text: `half of all ${kinds.map((kind) => text[kind]).join(' and ')} are evicted, four times`,
        inflict: repeated(random, 4, async ({ server, prefix }, chance) => {
          for (const kind of kinds)
            await remove(server, half(await keysOf(server, `${prefix}${kind}`), chance));
        }),
      };
    },
  },
  'evict-bookkeeping': {
    plan: (random) => {
      const names = oneOf(random, [['seq'], ['clear'], ['seq', 'clear'], ['s:'], ['seq', 's:']] as const);
      return {
        text: `bookkeeping is evicted, four times: ${names.join(' and ')}`,
        inflict: repeated(random, 4, async ({ server, prefix }, chance) => {
          for (const name of names) {
            const stamps = name === 's:' ? half(await keysOf(server, `${prefix}s:`), chance) : [];
            await remove(server, name === 's:' ? stamps : [`${prefix}${name}`]);
          }
        }),
      };
    },
  },
  damage: {
    plan: (random) => ({
      text: 'random bytes in half of all entries are changed, three times',
      inflict: repeated(random, 3, async ({ server, prefix }, chance) => {
        for (const key of half(await keysOf(server, `${prefix}v`), chance)) await damage(server, key, chance);
      }),
    }),
  },
  'wrong-type': {
    plan: (random) => {
      const what = oneOf(random, ['v', 'l', 's:', 'seq', 'clear'] as const);
      const names = {
        v: 'half of all entries',
        l: 'half of all leases',
        's:': 'half of all stamps',
        seq: 'the sequence',
        clear: 'the root stamp',
      };
      return {
        text: `lists stand in the place of ${names[what]}, twice`,
        inflict: repeated(random, 2, async ({ server, prefix }, chance) => {
          const single = what === 'seq' || what === 'clear';
          const keys = single ? [`${prefix}${what}`] : half(await keysOf(server, `${prefix}${what}`), chance);
          await remove(server, keys);
          for (const key of keys) await server.command('RPUSH', key, 'x').catch(() => undefined);
        }),
      };
    },
  },
  'swap-values': {
    plan: (random) => ({
      text: 'the bytes of half of all entries are copied over those of others, twice',
      inflict: repeated(random, 2, async ({ server, prefix }, chance) => {
        const keys = half(await keysOf(server, `${prefix}v`), chance);
        for (const [place, key] of keys.entries()) {
          const other = keys[place + 1];
          if (other !== undefined) await server.command('COPY', key, other, 'REPLACE');
        }
      }),
    }),
  },
} as const satisfies Partial<Record<FaultKind, FaultMaker>>;

/** Again and again, 250 ms apart, with chances that are decided now. */
function repeated(
  random: Random,
  times: number,
  work: (ground: FaultGround, chance: Random) => Promise<void>,
): (ground: FaultGround) => Promise<void> {
  const chance = seededRandom(wholeBetween(random, 0, 2 ** 31));
  return async (ground) => {
    for (let time = 0; time < times; time++) {
      await work(ground, chance);
      await ground.last(250);
    }
  };
}

async function keysOf(server: RedisServer, start: string): Promise<string[]> {
  const keys = await server.command<string[]>('KEYS', `${start}*`);
  return keys.sort();
}

function half<T>(items: readonly T[], chance: Random): T[] {
  return shuffled(chance, items).slice(0, Math.ceil(items.length / 2));
}

async function remove(server: RedisServer, keys: readonly string[]): Promise<void> {
  if (keys.length > 0) await server.command('DEL', ...keys);
}

async function damage(server: RedisServer, key: string, chance: Random): Promise<void> {
  const length = await server.command<number>('STRLEN', key).catch(() => 0);
  if (length === 0) return;
  const bytes = Uint8Array.from({ length: wholeBetween(chance, 1, 4) }, () => wholeBetween(chance, 0, 255));
  // A key that has just gone comes to life by this: bytes that nobody can read, which is what this is about.
  await server.command('SETRANGE', key, wholeBetween(chance, 0, length - 1), bytes).catch(() => undefined);
}
