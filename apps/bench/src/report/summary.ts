import type { CommandRow, MicroResult, MicroRow } from '../micro/micro-result.ts';
import type { ReplayResult } from '../replay/replay-result.ts';
import type { ReplayScenarioResult, ScenarioResult } from '../scenario/scenario.ts';
import { bytes, count, latency, nanoseconds, percent, rate, ratio } from '../terminal/figures.ts';
import { type TextColumn, textTable } from '../terminal/text-table.ts';

const left = (title: string): TextColumn => ({ title, align: 'left' });
const right = (title: string): TextColumn => ({ title, align: 'right' });

/** Hits by tier are told where there are two. */
export function replayColumns(replays: readonly ReplayScenarioResult[]): readonly TextColumn[] {
  return [
    left('Scenario'),
    left('Subject'),
    right('Hit ratio'),
    ...(hasTiers(replays) ? [right('in L1'), right('in L2')] : []),
    right('Joined'),
    right('Loads saved'),
    right('Loads'),
    right('Throughput'),
    right('p50'),
    right('p99'),
    right('Memory'),
    right('Requests'),
  ];
}

export const MICRO_COLUMNS: readonly TextColumn[] = [
  left('Operation'),
  right('Ratio'),
  right('At most'),
  left('Kept'),
  right('Quartiles'),
  right('Range'),
  right('CPU'),
  right('Wall'),
];

export const COMMAND_COLUMNS: readonly TextColumn[] = [
  left('Operation'),
  right('Times'),
  left('Commands that the server ran'),
];

export const MEMORY_COLUMNS: readonly TextColumn[] = [
  left('Subject'),
  right('Bytes an entry'),
  right('Ratio'),
];

/** What a run has found, as it is printed. */
export function summaryText(results: readonly ScenarioResult[]): string {
  const replays = results.filter((result) => result.kind === 'replay');
  const parts: string[] = [];
  if (replays.length > 0) {
    parts.push(textTable(replayColumns(replays), allReplayRows(replays)));
    const notes = replayNotes(replays);
    if (notes.length > 0) parts.push(notes.join('\n'));
  }
  for (const micro of results.filter((result) => result.kind === 'micro')) {
    if (micro.commands.length > 0) parts.push(textTable(COMMAND_COLUMNS, commandRows(micro.commands)));
    if (micro.rows.length > 0) parts.push(textTable(MICRO_COLUMNS, microRows(micro)), microNote(micro));
    if (micro.memory.length > 0) parts.push(textTable(MEMORY_COLUMNS, memoryRows(micro)));
  }
  return parts.join('\n\n');
}

/** The rows of all scenarios, an empty one between them. */
export function allReplayRows(replays: readonly ReplayScenarioResult[]): string[][] {
  const tiers = hasTiers(replays);
  return replays.flatMap((scenario, place) => [...(place === 0 ? [] : [[]]), ...replayRows(scenario, tiers)]);
}

/** What a reader of the table has to know, a sentence or two each. */
export function replayNotes(replays: readonly ReplayScenarioResult[]): string[] {
  const notes = replays.map(oneAtATimeNote).filter((note) => note !== null);
  const failed = replays.flatMap(({ name, results }) =>
    results.flatMap(({ subject, storeErrors }) =>
      storeErrors === 0 ? [] : [`${name}, ${subject}: ${count(storeErrors)}`],
    ),
  );
  if (failed.length > 0)
    notes.push(
      `Calls to the store that failed or took too long (the source was asked instead): ${failed.join('; ')}.`,
    );
  if (hasTiers(replays))
    notes.push(
      'The bound on entries is that of L1, this process’s memory; the store behind it keeps all there is.',
    );
  return notes;
}

function hasTiers(replays: readonly ReplayScenarioResult[]): boolean {
  return replays.some(({ results }) => results.some(({ lane }) => lane !== null && lane !== 'L1'));
}

/** First the passes of one request at a time, which have no times worth comparing; then those with many in flight. */
function replayRows({ name, results, oneAtATime }: ReplayScenarioResult, tiers: boolean): string[][] {
  const alone = oneAtATime.map(({ subject, requests, hitRatio }) => {
    const share = percent(hitRatio);
    const inTiers = tiers ? [share, percent(0)] : [];
    const loads = count(Math.round(requests * (1 - hitRatio)));
    const none = percent(0);
    const asked = count(requests);
    return [name, `${subject}, one at a time`, share, ...inTiers, none, share, loads, '', '', '', '', asked];
  });
  return [...alone, ...results.map((result) => replayRow(name, result, tiers))];
}

function replayRow(name: string, result: ReplayResult, tiers: boolean): string[] {
  const { requests, hits, l2Hits } = result;
  const share = (part: number): string => percent(requests === 0 ? 0 : part / requests);
  return [
    name,
    result.end === 'interrupted' ? `${result.subject} (stopped)` : result.subject,
    percent(result.hitRatio),
    ...(tiers ? [share(hits - l2Hits), share(l2Hits)] : []),
    share(result.joins),
    percent(result.loadsSaved),
    count(result.loads),
    rate(result.throughput),
    latency(result.latency.p50Ms),
    latency(result.latency.p99Ms),
    bytes(result.memoryBytes),
    count(requests),
  ];
}

export function microRows({ rows }: MicroResult): string[][] {
  return rows.flatMap((row, place) => {
    const first = rows[place - 1]?.group !== row.group;
    const heading = first ? [...(place === 0 ? [] : [[]]), [`${row.group}:`]] : [];
    return [...heading, microRow(row)];
  });
}

function microRow(row: MicroRow): string[] {
  const { ratio: spread, bound } = row;
  const name = `  ${row.subject}`;
  const [cpu, wall] = [time(row.cpuNs.median), time(row.wallNs.median)];
  if (row.subject === row.limit) return [name, '1', '', '', '', '', cpu, wall];
  const quartiles = `${ratio(spread.q1)}–${ratio(spread.q3)}`;
  const range = `${ratio(spread.min)}–${ratio(spread.max)}`;
  return [
    name,
    ratio(spread.median),
    bound === null ? '' : ratio(bound),
    verdict(row),
    quartiles,
    range,
    cpu,
    wall,
  ];
}

/** Nanoseconds, or microseconds where it is many. */
function time(ns: number): string {
  return ns < 1000 ? nanoseconds(ns) : latency(ns / 1e6);
}

/** Whether a row keeps its promise, judged by its median. */
function verdict(row: MicroRow): string {
  if (row.control) return 'noise';
  if (row.bound === null) return '';
  return row.ratio.median <= row.bound ? 'within' : 'above';
}

export function memoryRows({ memory }: MicroResult): string[][] {
  const limit = memory.find(({ subject }) => subject === 'lru-cache')?.bytesPerEntry;
  return memory.map(({ subject, bytesPerEntry }) => [
    subject,
    `${bytesPerEntry.toFixed(1)} B`,
    limit === undefined ? '' : ratio(bytesPerEntry / limit),
  ]);
}

export function microNote({ rows, store }: MicroResult): string {
  const rounds = Math.min(...rows.map((row) => row.rounds));
  const of =
    store === 'memory'
      ? ` of ${spanned(rows, 'operationsPerRound')} over ${spanned(rows, 'entries')} entries`
      : '';
  const where = store === 'memory' ? '' : ' What the server spends is in the time on the wall alone.';
  return (
    `CPU time of one operation, median of at least ${rounds} interleaved rounds${of}, ` +
    `each subject in a process of its own; ratio to the first of its group within each round.${where}`
  );
}

/** `200`, or `200 to 100,000`. */
function spanned(rows: readonly MicroRow[], name: 'entries' | 'operationsPerRound'): string {
  const values = rows.map((row) => row[name]);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least === most ? count(least) : `${count(least)} to ${count(most)}`;
}

export function commandRows(rows: readonly CommandRow[]): string[][] {
  return rows.map(({ operation, operations, commands, certain }) => {
    const ran = Object.entries(commands).map(([name, calls]) => `${name.toUpperCase()} × ${count(calls)}`);
    const doubt = certain ? '' : ' (others use this server)';
    return [operation, count(operations), `${ran.join(', ')}${doubt}`];
  });
}

/** Why a trace has two hit ratios; null where it has not. */
function oneAtATimeNote({ name, maxEntries, oneAtATime }: ReplayScenarioResult): string | null {
  if (oneAtATime.length === 0) return null;
  return (
    `${name}, one at a time: what the eviction policy alone makes of it with ${count(maxEntries)} entries. ` +
    'With many requests in flight some join a load under way: no hit, but a load saved.'
  );
}
