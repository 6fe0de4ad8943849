import { collectGarbage, liveBytes } from '../replay/heap-size.ts';
import type { RedisPlace } from '../store/redis-service.ts';
import { seededRandom } from '../workload/random.ts';
import { MEMORY_SUBJECTS, MICRO_GROUPS } from './micro-catalog.ts';
import type { MicroSettings } from './micro-settings.ts';
import { type Loop, type MicroSetup, microValue } from './micro-subject.ts';
import type { SubjectAnswer, SubjectOrder, TurnTime } from './subject-message.ts';

// The process of one subject: does what it is told, one order at a time, and ends with whoever started it.

interface Prepared {
  readonly loop: Loop;
  /** The `n` of each operation of a round. */
  readonly expected: Uint8Array;
  readonly turnLength: number;
}

let prepared: Prepared | undefined;

process.on('message', (order: SubjectOrder) => {
  const failed = (error: unknown): SubjectAnswer => ({
    kind: 'failed',
    message: String((error as Error).message),
  });
  void obey(order)
    .catch(failed)
    .then((answer) => process.send?.(answer));
});
process.on('disconnect', () => process.exit());
// Ctrl-C reaches every process of the terminal; this one waits for word from the one that shows the results.
process.on('SIGINT', () => undefined);

async function obey(order: SubjectOrder): Promise<SubjectAnswer> {
  if (order.kind === 'turn') return { kind: 'turn', time: await measuredTurn(order.place) };
  if (order.kind === 'memory')
    return { kind: 'memory', bytes: await measuredMemory(order.subject, order.settings) };
  await prepare(order.group, order.member, order.settings, order.redis);
  return { kind: 'ready' };
}

async function prepare(
  groupPlace: number,
  memberPlace: number,
  settings: MicroSettings,
  redis: RedisPlace | null,
): Promise<void> {
  const group = MICRO_GROUPS[groupPlace];
  const member = group?.members[memberPlace];
  if (group === undefined || member === undefined) throw new Error('there is no such subject');
  const setup = setupOf(settings, group.work === 'insert', redis);
  const { operationsPerRound, turnsPerRound, warmUpRounds } = settings;
  prepared = {
    loop: await member.subject(setup),
    expected: group.work === 'read' ? valuesOfReads(setup) : valuesOfWrites(operationsPerRound),
    turnLength: operationsPerRound / turnsPerRound,
  };
  for (let turn = 0; turn < warmUpRounds * turnsPerRound; turn++) await measuredTurn(turn % turnsPerRound);
}

/** Garbage is collected between rounds. */
async function measuredTurn(place: number): Promise<TurnTime> {
  if (prepared === undefined) throw new Error('there is nothing prepared');
  const { loop, expected, turnLength } = prepared;
  const [from, to] = [place * turnLength, (place + 1) * turnLength];
  if (place === 0) collectGarbage();
  const before = process.cpuUsage();
  const beganMs = performance.now();
  const sum = await loop(from, to);
  const wallNs = (performance.now() - beganMs) * 1e6;
  const { user, system } = process.cpuUsage(before);
  const expectedSum = expected.subarray(from, to).reduce((total, n) => total + n, 0);
  if (sum !== expectedSum)
    throw new Error(`wrong value: what was read adds up to ${sum}, not ${expectedSum}`);
  return { cpuNs: (user + system) * 1000, wallNs };
}

async function measuredMemory(name: string, settings: MicroSettings): Promise<number> {
  const subject = MEMORY_SUBJECTS[name];
  if (subject === undefined) throw new Error('there is no such subject');
  const keys = keysOf('memory', settings.memoryEntries);
  const values = keys.map((_, place) => microValue(place));
  const before = liveBytes();
  const holder = await subject(keys, values, settings.ttlMs);
  const bytes = liveBytes() - before;
  // Used once more, so that nothing of it may be collected before it has been measured.
  return holder === null || keys.length !== values.length ? Number.NaN : bytes;
}

function setupOf(settings: MicroSettings, inserts: boolean, redis: RedisPlace | null): MicroSetup {
  const { entries, operationsPerRound, ttlMs, seed } = settings;
  const random = seededRandom(seed);
  const keys = keysOf('item', entries);
  const reads = Array.from(
    { length: operationsPerRound },
    () => keys[Math.floor(random() * entries)] as string,
  );
  return { keys, reads, inserts: inserts ? keysOf('new', operationsPerRound) : [], ttlMs, redis };
}

/** Strings as a program would have them: hashed once, in one piece. */
function keysOf(kind: string, count: number): string[] {
  return Object.keys(Object.fromEntries(Array.from({ length: count }, (_, n) => [`${kind}:${n}`, 0])));
}

function valuesOfReads({ keys, reads }: MicroSetup): Uint8Array {
  const places = new Map(keys.map((key, place) => [key, place]));
  return Uint8Array.from(reads, (key) => microValue(places.get(key) as number).n);
}

function valuesOfWrites(count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, place) => microValue(place).n);
}
