import { collectGarbage, liveBytes } from '../replay/heap-size.ts';
import { seededRandom } from '../workload/random.ts';
import { MEMORY_SUBJECTS, MICRO_GROUPS } from './micro-catalog.ts';
import type { MicroSettings } from './micro-settings.ts';
import { type MicroSetup, microValue, type Round } from './micro-subject.ts';
import type { SubjectAnswer, SubjectOrder } from './subject-message.ts';

// The process of one subject: does what it is told, one order at a time, and ends with whoever started it.

let round: Round | undefined;
let expectedSum = 0;
let operations = 1;

process.on('message', async (order: SubjectOrder) => {
  const answer = await obey(order).catch(
    (error: unknown): SubjectAnswer => ({ kind: 'failed', message: String((error as Error).message) }),
  );
  process.send?.(answer);
});
process.on('disconnect', () => process.exit());
// Ctrl-C reaches every process of the terminal; this one waits for word from the one that shows the results.
process.on('SIGINT', () => undefined);

async function obey(order: SubjectOrder): Promise<SubjectAnswer> {
  if (order.kind === 'round') return { kind: 'round', cpuNs: await measuredRound() };
  if (order.kind === 'memory') return { kind: 'memory', bytes: await measuredMemory(order.subject, order.settings) };
  await prepare(order.group, order.member, order.settings);
  return { kind: 'ready' };
}

async function prepare(groupPlace: number, memberPlace: number, settings: MicroSettings): Promise<void> {
  const group = MICRO_GROUPS[groupPlace];
  const member = group?.members[memberPlace];
  if (group === undefined || member === undefined) throw new Error('there is no such subject');
  const setup = setupOf(settings);
  operations = settings.operationsPerRound;
  expectedSum = group.work === 'read' ? sumOfReads(setup) : sumOfWrites(operations);
  round = await member.subject(setup);
  for (let n = 0; n < settings.warmUpRounds; n++) await measuredRound();
}

/** Nanoseconds of CPU time for one operation, all threads of the process together. */
async function measuredRound(): Promise<number> {
  if (round === undefined) throw new Error('there is nothing prepared');
  collectGarbage();
  const before = process.cpuUsage();
  const sum = await round();
  const { user, system } = process.cpuUsage(before);
  if (sum !== expectedSum) throw new Error(`wrong value: the values of a round add up to ${sum}, not ${expectedSum}`);
  return ((user + system) * 1000) / operations;
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

function setupOf({ entries, operationsPerRound, ttlMs, seed }: MicroSettings): MicroSetup {
  const random = seededRandom(seed);
  const keys = keysOf('item', entries);
  const reads = Array.from({ length: operationsPerRound }, () => keys[Math.floor(random() * entries)] as string);
  return { keys, reads, inserts: keysOf('new', operationsPerRound), ttlMs };
}

/** Strings as a program would have them: hashed once, in one piece. */
function keysOf(kind: string, count: number): string[] {
  return Object.keys(Object.fromEntries(Array.from({ length: count }, (_, n) => [`${kind}:${n}`, 0])));
}

function sumOfReads({ keys, reads }: MicroSetup): number {
  const places = new Map(keys.map((key, place) => [key, place]));
  return reads.reduce((sum, key) => sum + microValue(places.get(key) as number).n, 0);
}

function sumOfWrites(count: number): number {
  return Array.from({ length: count }, (_, place) => microValue(place).n).reduce((sum, n) => sum + n, 0);
}
