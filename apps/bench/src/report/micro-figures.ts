import { axisX, barX, dot, gridX, ruleX, ruleY, text, tickX } from '@observablehq/plot';
import type { MicroResult } from '../micro/micro-result.ts';
import { type Figure, subjectColor, subjectLegend, type Width } from './drawing.ts';

/** The plots of the micro-benchmarks. */
export function microFigures({ store, rows, memory }: MicroResult): Figure[] {
  return [
    ...(rows.length === 0 ? [] : [ratios(rows, store === 'memory' ? 'lru-cache' : 'the bare client')]),
    ...(memory.length === 0 ? [] : [memoryBars(memory)]),
  ];
}

/** @param limit what each group is measured against, for people */
function ratios(rows: MicroResult['rows'], limit: string): Figure {
  const named = rows.map((row) => ({ ...row, label: labelOf(row, rows) }));
  const measured = named.filter(({ subject, limit: first }) => subject !== first);
  const bounded = measured.filter(({ bound }) => bound !== null);
  const most = Math.max(1.6, ...measured.map(({ ratio }) => Math.min(ratio.max, ratio.median * 1.5)));
  const place = { y: 'label' } as const;
  const color = ({ subject, control }: (typeof rows)[number]): string =>
    control ? 'var(--none)' : subjectColor(subject);
  const others = ['larder', 'Map'].filter((name) => measured.some(({ subject }) => subject.includes(name)));
  // Long names stand above their marks, on a phone all do.
  const above = (width: Width): boolean =>
    width === 'narrow' || measured.some(({ label }) => label.length > 32);
  return {
    title: `CPU time of one operation, as a ratio to ${limit}`,
    caption: `1 = as much CPU time as ${limit} for the same work; the further left the better. Dot: median of the rounds; thick: quartiles; thin: from the least to the most. Red: what the subject has promised at most. “Again” is ${limit} measured a second time, in a process of its own: the noise.`,
    legend: [
      ...subjectLegend(others),
      { label: `${limit}, again`, color: 'var(--none)' },
      { label: 'promised at most', color: 'var(--bad)' },
    ],
    draw: (width) => ({
      height: measured.length * (above(width) ? 40 : 30) + 50,
      marginLeft: above(width) ? 12 : 210,
      marginRight: 16,
      marginBottom: 38,
      x: { domain: [0, most], clamp: true },
      y: {
        label: null,
        domain: measured.map(({ label }) => label),
        ...(above(width) ? { axis: null } : {}),
      },
      marks: [
        gridX({ ticks: 8 }),
        axisX({
          ticks: width === 'wide' ? 8 : 5,
          label: `ratio to ${limit}`,
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
        tickX(bounded, {
          ...place,
          x: 'bound',
          stroke: 'var(--bad)',
          strokeWidth: 2.5,
          insetTop: above(width) ? 12 : 3,
          insetBottom: 3,
        }),
        ...(above(width)
          ? [
              text(measured, {
                ...place,
                x: 0,
                text: shown(width),
                textAnchor: 'start',
                dy: -14,
                dx: 2,
                // What crosses it stays behind it.
                fill: 'currentColor',
                stroke: 'var(--panel)',
                strokeWidth: 5,
              }),
            ]
          : []),
      ],
    }),
  };
}

/** The subject, with its group where the name alone would not do. */
function labelOf(row: MicroResult['rows'][number], rows: MicroResult['rows']): string {
  const alone = rows.filter(({ subject }) => subject === row.subject).length === 1;
  return alone ? row.subject : `${row.group}: ${row.subject}`;
}

/** What fits beside nothing else on a phone. */
function shown(width: Width): (row: { readonly label: string }) => string {
  return ({ label }) => (width === 'narrow' && label.length > 54 ? `${label.slice(0, 53)}…` : label);
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
