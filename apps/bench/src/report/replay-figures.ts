import { axisX, axisY, barX, gridX, gridY, line, ruleX, text } from '@observablehq/plot';
import type { ReplayScenarioResult } from '../scenario/scenario.ts';
import { percent, rate } from '../terminal/figures.ts';
import { type Figure, subjectColor, subjectLegend } from './drawing.ts';

/** The plots of the replays. */
export function replayFigures(replays: readonly ReplayScenarioResult[]): Figure[] {
  return replays.length === 0 ? [] : [loadsSaved(replays), throughput(replays), latencies(replays)];
}

function loadsSaved(replays: readonly ReplayScenarioResult[]): Figure {
  const rows = replays.flatMap(({ name, results }) =>
    results.map(({ subject, loadsSaved: share, hitRatio }) => ({
      name,
      subject,
      share,
      hits: Math.min(hitRatio, share),
    })),
  );
  return {
    title: 'Loads saved',
    caption:
      'Share of the requests that did not make the source work, in percent. Full colour: answered from the cache; pale: waited for a load that another request had begun.',
    legend: subjectLegend(rows.map(({ subject }) => subject)),
    draw: (width) => ({
      ...barFrame(replays, width),
      x: { domain: [0, 100] },
      marks: [
        gridX({ ticks: 5 }),
        axisX({ ticks: 5, label: 'loads saved (%)', labelAnchor: 'right', labelArrow: 'none' }),
        barX(rows, { ...barPlace, x1: 0, x2: (d) => d.share * 100, fill: colorOf, fillOpacity: 0.45 }),
        barX(rows, { ...barPlace, x1: 0, x2: (d) => d.hits * 100, fill: colorOf }),
        text(rows, { ...barPlace, ...barLabel, x: (d) => d.share * 100, text: (d) => percent(d.share) }),
        ruleX([0]),
      ],
    }),
  };
}

function throughput(replays: readonly ReplayScenarioResult[]): Figure {
  const rows = replays.flatMap(({ name, results }) =>
    results.map(({ subject, throughput: perSecond }) => ({ name, subject, perSecond })),
  );
  return {
    title: 'Throughput',
    caption: 'Thousand requests a second, all clients together; the longer the better.',
    legend: subjectLegend(rows.map(({ subject }) => subject)),
    draw: (width) => ({
      ...barFrame(replays, width),
      marks: [
        gridX({ ticks: 5 }),
        axisX({ ticks: 5, label: 'thousand requests a second', labelAnchor: 'right', labelArrow: 'none' }),
        barX(rows, { ...barPlace, x1: 0, x2: (d) => d.perSecond / 1000, fill: colorOf }),
        text(rows, {
          ...barPlace,
          ...barLabel,
          x: (d) => d.perSecond / 1000,
          text: (d) => rate(d.perSecond),
        }),
        ruleX([0]),
      ],
    }),
  };
}

const barPlace = { fy: 'name', y: 'subject' } as const;
const barLabel = { textAnchor: 'start', dx: 5 } as const;
const colorOf = ({ subject }: { subject: string }): string => subjectColor(subject);

/** Scenarios below one another, a bar for each subject. */
function barFrame(replays: readonly ReplayScenarioResult[], width: 'wide' | 'narrow') {
  return {
    height: replays.length * (subjectsIn(replays).length * 22 + 18) + 50,
    marginLeft: 74,
    marginRight: width === 'wide' ? 90 : 62,
    marginBottom: 38,
    y: { label: null, axis: null, domain: subjectsIn(replays) },
    fy: { label: null, axis: 'left', domain: replays.map(({ name }) => name) },
    insetTop: 3,
    insetBottom: 3,
  } as const;
}

/** Each once, in the order of the tables. */
function subjectsIn(replays: readonly ReplayScenarioResult[]): string[] {
  return [...new Set(replays.flatMap(({ results }) => results.map(({ subject }) => subject)))];
}

/** From the median outwards, each nine takes as much room as the one before. */
function nines(percentile: number): number {
  return -Math.log10(1 - Math.min(percentile, 99.99) / 100);
}

const PERCENTILES = [0, 50, 90, 99, 99.9, 99.99];

function latencies(replays: readonly ReplayScenarioResult[]): Figure {
  const points = replays.flatMap(({ name, results }) =>
    results.flatMap(({ subject, latency }) =>
      latency.curve.map(([percentile, ms]) => ({ name, subject, nines: nines(percentile), ms })),
    ),
  );
  return {
    title: 'Latency',
    caption:
      'How long the share of the requests on the x axis took at most, in milliseconds on a logarithmic scale; the lower the better. The step is where hits end and loads begin.',
    legend: subjectLegend(points.map(({ subject }) => subject)),
    draw: (width) => ({
      height: replays.length * 170 + 50,
      marginLeft: 62,
      marginRight: width === 'wide' ? 90 : 20,
      marginBottom: 40,
      x: { domain: [0, 4], label: null },
      y: { type: 'log', label: null },
      fy: { axis: null, domain: replays.map(({ name }) => name) },
      marks: [
        gridX(PERCENTILES.map(nines)),
        gridY({ ticks: 5 }),
        axisX(PERCENTILES.map(nines), {
          label: 'percentile of the requests',
          labelAnchor: 'right',
          labelArrow: 'none',
          // On a phone there is no room for the first beside the second.
          tickFormat: (_, place) => (width === 'narrow' && place === 0 ? '' : `${PERCENTILES[place]} %`),
        }),
        axisY({ ticks: 5, label: null, tickFormat: msTick }),
        line(points, { fy: 'name', x: 'nines', y: 'ms', stroke: colorOf, z: 'subject', strokeWidth: 2 }),
        text(
          replays.map(({ name }) => name),
          {
            fy: (name: string) => name,
            text: (name: string) => name,
            frameAnchor: 'top-left',
            dx: 6,
            dy: 6,
            fontWeight: 600,
          },
        ),
      ],
    }),
  };
}

function msTick(ms: number): string {
  return ms >= 1 ? `${ms} ms` : `${Number((ms * 1000).toPrecision(1))} µs`;
}
