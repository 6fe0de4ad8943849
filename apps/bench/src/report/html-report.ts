import type { MicroResult } from '../micro/micro-result.ts';
import type { ReplayScenarioResult } from '../scenario/scenario.ts';
import { bytes, count, latency, seconds } from '../terminal/figures.ts';
import { htmlFigure } from './drawing.ts';
import { htmlTable } from './html-table.ts';
import { embeddedJson, escapeHtml } from './html-text.ts';
import { microFigures } from './micro-figures.ts';
import { PAGE_STYLE } from './page-style.ts';
import { replayFigures } from './replay-figures.ts';
import type { Report } from './report.ts';
import {
  allReplayRows,
  COMMAND_COLUMNS,
  commandRows,
  MEMORY_COLUMNS,
  MICRO_COLUMNS,
  memoryRows,
  microNote,
  microRows,
  replayColumns,
  replayNotes,
} from './summary.ts';

/** The whole report as one page that needs nothing else. The figures behind it are in it, as JSON. */
export function htmlReport(report: Report): string {
  const replays = report.scenarios.filter((result) => result.kind === 'replay');
  const micros = report.scenarios.filter((result) => result.kind === 'micro');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Larder benchmark</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<header>
<h1>Larder benchmark</h1>
<p class="soft">Requests replayed through a cache in front of a slow source, and single operations beside the bare thing that they cannot be faster than.</p>
${banner(report)}
${facts(report)}
</header>
<main>
${replayPart(replays)}
${micros.map(microPart).join('\n')}
${report.scenarios.length === 0 ? '<p>Nothing had been measured when the run ended.</p>' : ''}
</main>
<script type="application/json" id="report">${embeddedJson(report)}</script>
</body>
</html>
`;
}

function banner({ failure, interrupted }: Report): string {
  if (failure !== null) return `<p class="banner">This run failed: ${escapeHtml(failure)}</p>`;
  if (interrupted)
    return '<p class="banner">This run was stopped before its end; here is what it had measured.</p>';
  return '';
}

function facts({ startedAt, seconds: took, machine, servers, options }: Report): string {
  const { latencyMs, concurrency, valueBytes, size, seed } = options;
  const cache = size === null ? 'a tenth of the distinct keys' : `${count(size)} entries`;
  const rows = [
    ['When', `${startedAt.slice(0, 16).replace('T', ' ')} UTC, ${seconds(took * 1000)} in all`],
    [
      'Machine',
      `Node ${machine.node.slice(1)} on ${machine.platform}, ${machine.cpus} CPUs, ${bytes(machine.memoryBytes)} of memory`,
    ],
    ['Source', `answers after ${latency(latencyMs)}, values of ${count(valueBytes)} bytes`],
    ['Requests', `${count(concurrency)} in flight, every answer checked; seed ${seed}`],
    ['Stores', `${options.stores.join(', ')}; in memory ${cache}`],
    ...Object.entries(servers).map(([store, { version, own }]) => [
      'Server',
      `${store} ${version}, ${own ? 'started by this run, on the same machine' : 'given, perhaps used by others too'}`,
    ]),
  ];
  const items = rows.map(([name, fact]) => `<dt>${name}</dt><dd>${escapeHtml(fact as string)}</dd>`);
  return `<dl class="facts">${items.join('')}</dl>`;
}

function replayPart(replays: readonly ReplayScenarioResult[]): string {
  if (replays.length === 0) return '';
  const descriptions = replays.map(
    ({ name, description, maxEntries }) =>
      `<li><strong>${name}</strong>: ${escapeHtml(description)}. Memory holds ${count(maxEntries)} entries.</li>`,
  );
  const notes = replayNotes(replays);
  return `<h2>Replays</h2>
<ul>${descriptions.join('')}</ul>
${htmlTable('Every subject with the same requests and a source of its own', replayColumns(replays), allReplayRows(replays))}
${notes.map((note) => `<p class="soft">${escapeHtml(note)}</p>`).join('')}
<p class="soft">Hit ratio: answered from the cache. Joined: waited for a load that another request had begun, and so saved one too.
Loads saved: requests that did not make the source work. Memory: what the heap grew by, keys and values included.</p>
${replayFigures(replays).map(htmlFigure).join('\n')}`;
}

function microPart(micro: MicroResult): string {
  const { store, rows, memory, commands } = micro;
  const parts: string[] = [];
  if (commands.length > 0) {
    const caption = 'What a hit makes the server do, by its own count';
    parts.push(htmlTable(caption, COMMAND_COLUMNS, commandRows(commands)));
  }
  if (rows.length > 0) {
    const beside = store === 'memory' ? 'lru-cache and Map' : 'the bare client';
    parts.push(htmlTable(`CPU time beside ${beside}`, MICRO_COLUMNS, microRows(micro)));
    parts.push(`<p class="soft">${escapeHtml(microNote(micro))}</p>`);
  }
  if (memory.length > 0) {
    const caption = 'Memory of an entry, over key and value; ratio to lru-cache';
    parts.push(htmlTable(caption, MEMORY_COLUMNS, memoryRows(micro)));
  }
  return `<h2>Single operations${store === 'memory' ? '' : ` on ${store}`}</h2>
${parts.join('\n')}
${microFigures(micro).map(htmlFigure).join('\n')}`;
}
