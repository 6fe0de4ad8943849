import type { MicroResult, MicroRow } from '../micro/micro-result.ts';
import type { ReplayResult } from '../replay/replay-result.ts';
import type { ReplayScenarioResult, ScenarioResult } from '../scenario/scenario.ts';
import { bytes, count, latency, nanoseconds, percent, rate, ratio } from '../terminal/figures.ts';
import { type TextColumn, textTable } from '../terminal/text-table.ts';

const left = (title: string): TextColumn => ({ title, align: 'left' });
const right = (title: string): TextColumn => ({ title, align: 'right' });

export const REPLAY_COLUMNS: readonly TextColumn[] = [
  left('Scenario'),
  left('Subject'),
  right('Hit ratio'),
  right('Joined'),
  right('Loads saved'),
  right('Throughput'),
  right('p50'),
  right('p99'),
  right('Memory'),
  right('Requests'),
];

export const MICRO_COLUMNS: readonly TextColumn[] = [
  left('Operation'),
  right('Ratio'),
  right('At most'),
  left('Kept'),
  right('Quartiles'),
  right('Range'),
  right('CPU'),
];

export const MEMORY_COLUMNS: readonly TextColumn[] = [
  left('Subject'),
  right('Bytes an entry'),
  right('Ratio'),
];

/** What a run has found, as it is printed. */
export function summaryText(results: readonly ScenarioResult[]): string {
  const replays = results.filter((result) => result.kind === 'replay');
  const micro = results.find((result) => result.kind === 'micro');
  const parts: string[] = [];
  if (replays.length > 0) {
    parts.push(textTable(REPLAY_COLUMNS, allReplayRows(replays)));
    const notes = replays.map(oneAtATimeNote).filter((note) => note !== null);
    if (notes.length > 0) parts.push(notes.join('\n'));
  }
  if (micro !== undefined) {
    if (micro.rows.length > 0) parts.push(textTable(MICRO_COLUMNS, microRows(micro)), microNote(micro));
    if (micro.memory.length > 0) parts.push(textTable(MEMORY_COLUMNS, memoryRows(micro)));
  }
  return parts.join('\n\n');
}

/** The rows of all scenarios, an empty one between them. */
export function allReplayRows(replays: readonly ReplayScenarioResult[]): string[][] {
  return replays.flatMap((scenario, place) => [...(place === 0 ? [] : [[]]), ...replayRows(scenario)]);
}

/** First the passes of one request at a time, which have no times worth comparing; then those with many in flight. */
function replayRows({ name, results, oneAtATime }: ReplayScenarioResult): string[][] {
  const alone = oneAtATime.map(({ subject, requests, hitRatio }) => {
    const share = percent(hitRatio);
    return [name, `${subject}, one at a time`, share, percent(0), share, '', '', '', '', count(requests)];
  });
  return [...alone, ...results.map(replayRow(name))];
}

function replayRow(name: string): (result: ReplayResult) => string[] {
  return (result) => [
    name,
    result.end === 'interrupted' ? `${result.subject} (stopped)` : result.subject,
    percent(result.hitRatio),
    percent(result.requests === 0 ? 0 : result.joins / result.requests),
    percent(result.loadsSaved),
    rate(result.throughput),
    latency(result.latency.p50Ms),
    latency(result.latency.p99Ms),
    bytes(result.memoryBytes),
    count(result.requests),
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
  const cpu = nanoseconds(row.cpuNs.median);
  if (row.subject === row.limit) return [name, '1', '', '', '', '', cpu];
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
  ];
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

export function microNote({ rows, entries, operationsPerRound }: MicroResult): string {
  const rounds = Math.min(...rows.map((row) => row.rounds));
  return (
    `CPU time of one operation, median of at least ${rounds} interleaved rounds of ${count(operationsPerRound)} over ${count(entries)} entries, ` +
    'each subject in a process of its own; ratio to the first of its group within each round.'
  );
}

/** Why a trace has two hit ratios; null where it has not. */
export function oneAtATimeNote({ name, maxEntries, oneAtATime }: ReplayScenarioResult): string | null {
  if (oneAtATime.length === 0) return null;
  return (
    `${name}, one at a time: what the eviction policy alone makes of it with ${count(maxEntries)} entries. ` +
    'With many requests in flight some join a load under way: no hit, but a load saved.'
  );
}
