import { axisX, barX, dot, gridX, ruleX, ruleY, text, tickX } from '@observablehq/plot';
import type { MicroResult } from '../micro/micro-result.ts';
import { type Figure, subjectColor, subjectLegend } from './drawing.ts';

/** The plots of the micro-benchmarks. */
export function microFigures({ rows, memory }: MicroResult): Figure[] {
  return [...(rows.length === 0 ? [] : [ratios(rows)]), ...(memory.length === 0 ? [] : [memoryBars(memory)])];
}

function ratios(rows: MicroResult['rows']): Figure {
  const measured = rows.filter(({ subject, limit }) => subject !== limit);
  const bounded = measured.filter(({ bound }) => bound !== null);
  const most = Math.max(1.6, ...measured.map(({ ratio }) => Math.min(ratio.max, ratio.median * 1.5)));
  const place = { y: 'subject' } as const;
  const color = ({ subject, control }: (typeof rows)[number]): string =>
    control ? 'var(--none)' : subjectColor(subject);
  return {
    title: 'CPU time of one operation, as a ratio to lru-cache',
    caption:
      '1 = as much CPU time as lru-cache for the same work; the further left the better. Dot: median of the rounds; thick: quartiles; thin: from the least to the most. Red: what the subject has promised at most. “Again” is lru-cache measured a second time, in a process of its own: the noise.',
    legend: [
      ...subjectLegend(['larder', 'Map']),
      { label: 'lru-cache, again', color: 'var(--none)' },
      { label: 'promised at most', color: 'var(--bad)' },
    ],
    draw: (width) => ({
      height: measured.length * (width === 'wide' ? 30 : 40) + 50,
      marginLeft: width === 'wide' ? 210 : 12,
      marginRight: 16,
      marginBottom: 38,
      x: { domain: [0, most], clamp: true },
      y: {
        label: null,
        domain: measured.map(({ subject }) => subject),
        ...(width === 'wide' ? {} : { axis: null }),
      },
      marks: [
        gridX({ ticks: 8 }),
        axisX({
          ticks: width === 'wide' ? 8 : 5,
          label: 'ratio to lru-cache',
          labelAnchor: 'right',
          labelArrow: 'none',
        }),
        ruleX([1], { stroke: 'currentColor', strokeDasharray: '4 3' }),
        ruleY(measured, {
          ...place,
          x1: (d) => d.ratio.min,
          x2: (d) => d.ratio.max,
          stroke: color,
          strokeWidth: 1.5,
        }),
        ruleY(measured, {
          ...place,
          x1: (d) => d.ratio.q1,
          x2: (d) => d.ratio.q3,
          stroke: color,
          strokeWidth: 6,
          strokeOpacity: 0.6,
        }),
        dot(measured, { ...place, x: (d) => d.ratio.median, fill: color, r: 5 }),
        tickX(bounded, { ...place, x: 'bound', stroke: 'var(--bad)', strokeWidth: 2.5, inset: 3 }),
        ...(width === 'wide'
          ? []
          : [text(measured, { ...place, x: 0, text: 'subject', textAnchor: 'start', dy: -14, dx: 2 })]),
      ],
    }),
  };
}

function memoryBars(memory: MicroResult['memory']): Figure {
  return {
    title: 'Memory of an entry',
    caption: `Bytes over key and value, with ${memory[0]?.entries.toLocaleString('en-US')} small entries; the shorter the better.`,
    legend: subjectLegend(memory.map(({ subject }) => subject)),
    draw: () => ({
      height: memory.length * 30 + 50,
      marginLeft: 74,
      marginRight: 60,
      marginBottom: 38,
      y: { label: null, domain: memory.map(({ subject }) => subject) },
      marks: [
        gridX({ ticks: 5 }),
        axisX({ ticks: 5, label: 'bytes an entry', labelAnchor: 'right', labelArrow: 'none' }),
        barX(memory, {
          y: 'subject',
          x1: 0,
          x2: 'bytesPerEntry',
          fill: ({ subject }) => subjectColor(subject),
          inset: 3,
        }),
        text(memory, {
          y: 'subject',
          x: 'bytesPerEntry',
          text: (d) => `${Math.round(d.bytesPerEntry)} B`,
          textAnchor: 'start',
          dx: 5,
        }),
        ruleX([0]),
      ],
    }),
  };
}
