import { type PlotOptions, plot } from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { escapeHtml } from './html-text.ts';

/** The widths that each plot is drawn for: a screen, a phone. The page shows the one that fits. */
const WIDTHS = { wide: 900, narrow: 350 } as const;
export type Width = keyof typeof WIDTHS;

export interface Figure {
  readonly title: string;
  /** What is to be seen, and in what unit. */
  readonly caption: string;
  readonly legend: readonly LegendItem[];
  draw(width: Width): PlotOptions;
}

export interface LegendItem {
  readonly label: string;
  /** A CSS colour. */
  readonly color: string;
}

/** Colours by subject, the same in every plot; they change with light and dark. The first that a name holds counts. */
const SUBJECT_COLORS: Readonly<Record<string, string>> = {
  'L1 + L2': 'var(--both)',
  L2: 'var(--shared)',
  larder: 'var(--larder)',
  ioredis: 'var(--client)',
  'lru-cache': 'var(--lru)',
  Map: 'var(--map)',
  'no cache': 'var(--none)',
};

export function subjectColor(subject: string): string {
  const known = Object.keys(SUBJECT_COLORS).find((name) => subject.includes(name));
  return SUBJECT_COLORS[known ?? 'no cache'] as string;
}

export function subjectLegend(subjects: readonly string[]): LegendItem[] {
  return [...new Set(subjects)].map((label) => ({ label, color: subjectColor(label) }));
}

/** A figure as HTML, drawn once for each width. */
export function htmlFigure(figure: Figure): string {
  const { document } = parseHTML('<html></html>');
  const drawings = (Object.keys(WIDTHS) as Width[]).map((width) => {
    const svg = plot({
      width: WIDTHS[width],
      document,
      ariaLabel: figure.title,
      ariaDescription: figure.caption,
      style: { fontSize: '12px' },
      ...figure.draw(width),
    });
    return `<div class="${width}">${svg.outerHTML}</div>`;
  });
  return `<figure>
<h3>${escapeHtml(figure.title)}</h3>
${htmlLegend(figure.legend)}
${drawings.join('\n')}
<figcaption>${escapeHtml(figure.caption)}</figcaption>
</figure>`;
}

function htmlLegend(items: readonly LegendItem[]): string {
  if (items.length === 0) return '';
  const entries = items.map(
    ({ label, color }) => `<li><span style="background:${color}"></span>${escapeHtml(label)}</li>`,
  );
  return `<ul class="legend">${entries.join('')}</ul>`;
}
