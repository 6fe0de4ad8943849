import { CacheManager } from '@larder/cache-core';
import { RedisStore } from '@larder/store-redis';
import type { RedisPlace, RedisService } from '../store/redis-service.ts';
import type { CommandRow } from './micro-result.ts';

/** One operation, made so often that what the store does besides, now and then, does not matter. */
interface Probe {
  readonly operation: string;
  readonly operations: number;
  run(cache: CacheManager): Promise<void>;
  /** Names of commands that must have run exactly so often; of all others, those of {@link PLAIN} not at all. */
  readonly expected: Readonly<Record<string, number>>;
}

/** The run fails where the server has done something else for a hit than what was promised. */
class WrongCommands extends Error {
  override readonly name = 'WrongCommands';
}

const TIMES = 200;
const AT_ONCE = 64;
const KEYS = 100;
/** A server that others use may be busy with them just now. */
const ATTEMPTS = 5;
/** What a hit must not make use of: other reads, and scripts, which the server counts with what they run. */
const NEVER = ['get', 'mget', 'getex', 'exists', 'pttl', 'ttl', 'strlen', 'getrange', 'multi', 'exec'];
const SCRIPTS = ['eval', 'evalsha', 'eval_ro', 'evalsha_ro', 'fcall', 'fcall_ro'];

const key = (n: number): string => `probe:${n}`;
const keys = Array.from({ length: KEYS }, (_, n) => key(n));

const PROBES: readonly Probe[] = [
  {
    operation: 'get, a hit, one at a time',
    operations: TIMES,
    run: async (cache) => {
      for (let n = 0; n < TIMES; n++) found(await cache.get(key(n % KEYS)));
    },
    expected: { mget: TIMES },
  },
  {
    operation: 'get with loader, a hit, one at a time',
    operations: TIMES,
    run: async (cache) => {
      for (let n = 0; n < TIMES; n++) found(await cache.get(key(n % KEYS), () => null));
    },
    expected: { mget: TIMES },
  },
  {
    operation: `get, a hit, ${AT_ONCE} in one tick`,
    operations: AT_ONCE,
    run: async (cache) => {
      for (const value of await Promise.all(keys.slice(0, AT_ONCE).map((one) => cache.get(one))))
        found(value);
    },
    expected: { mget: 1 },
  },
  {
    operation: `getMany of ${KEYS}, all hits`,
    operations: 1,
    run: async (cache) => {
      for (const value of await cache.getMany(keys)) found(value);
    },
    expected: { mget: 1 },
  },
];

/**
 * Has the server count what it does for a hit: one plain command and no script. On a server that the run has not started
 * for itself others' commands are counted too; what cannot be told apart there is reported as uncertain.
 *
 * @throws WrongCommands
 */
export async function checkCommands(service: RedisService): Promise<CommandRow[]> {
  const place = service.newPlace();
  const cache = await openCache(place);
  try {
    for (const one of keys) await cache.set(one, one);
    const rows: CommandRow[] = [];
    for (const probe of PROBES) rows.push(await checked(probe, cache, service));
    return rows;
  } finally {
    await cache.close();
    await service.clear(place);
  }
}

async function openCache({ url, prefix }: RedisPlace): Promise<CacheManager> {
  const store = new RedisStore(url, { prefix });
  await store.connect();
  // A busy machine is not to make misses of hits.
  return new CacheManager({ store, l1: false, ttl: 3600, storeTimeout: '30s', invalidationTimeout: '30s' });
}

async function checked(probe: Probe, cache: CacheManager, service: RedisService): Promise<CommandRow> {
  const { operation, operations, expected } = probe;
  for (let attempt = 1; ; attempt++) {
    const before = await service.commandCounts();
    await probe.run(cache);
    const commands = difference(before, await service.commandCounts());
    const wrong = [...NEVER, ...SCRIPTS].filter((name) => (commands[name] ?? 0) !== (expected[name] ?? 0));
    if (wrong.length === 0) return { operation, operations, commands, certain: true };
    if (attempt < ATTEMPTS) continue;
    if (!service.facts.own) return { operation, operations, commands, certain: false };
    const ran = wrong.map((name) => `${name} ${commands[name] ?? 0} times instead of ${expected[name] ?? 0}`);
    throw new WrongCommands(
      `wrong commands: ${operations} × ${operation}: the server ran ${ran.join(', ')}.`,
    );
  }
}

function difference(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): Record<string, number> {
  const counts = [...after].map(([name, calls]) => [name, calls - (before.get(name) ?? 0)] as const);
  // Its own question is one of them.
  return Object.fromEntries(counts.filter(([name, calls]) => calls > 0 && name !== 'info'));
}

function found(value: unknown): void {
  if (value === null) throw new WrongCommands('wrong commands: a key that had been set was not found.');
}
