import type { CommandRow, MemoryRow, MicroRow } from '../micro/micro-result.ts';
import type { ReplayResult } from '../replay/replay-result.ts';
import { latency, percent, rate, ratio } from './figures.ts';

// What a step has found, in a line that stays on the screen while the next ones run.

export function replayLine({ hitRatio, loadsSaved, throughput, latency: times }: ReplayResult): string {
  const shares = `hits ${percent(hitRatio)}, loads saved ${percent(loadsSaved)}`;
  return `${shares}, ${rate(throughput)}, p50 ${latency(times.p50Ms)}, p99 ${latency(times.p99Ms)}`;
}

export function microLine(rows: readonly MicroRow[]): string {
  const measured = rows.filter(({ subject, limit }) => subject !== limit);
  return measured.map((row) => `${row.subject} ×${ratio(row.ratio.median)}`).join(', ');
}

export function memoryLine(rows: readonly MemoryRow[]): string {
  return rows.map(({ subject, bytesPerEntry }) => `${subject} ${Math.round(bytesPerEntry)} B`).join(', ');
}

export function commandLine(rows: readonly CommandRow[]): string {
  if (rows.some(({ certain }) => !certain)) return 'others use this server: its counts cannot be told apart';
  return 'one MGET and no script each';
}
