export interface TextColumn {
  readonly title: string;
  /** Numbers stand at the right. */
  readonly align: 'left' | 'right';
}

const GAP = '  ';

/** Rows under titles, in columns as wide as they must be; an empty row separates. Every character counts as one. */
export function textTable(columns: readonly TextColumn[], rows: readonly (readonly string[])[]): string {
  const titles = columns.map(({ title }) => title);
  const widths = columns.map((_, place) =>
    Math.max(...[titles, ...rows].map((row) => (row[place] ?? '').length)),
  );
  const line = (row: readonly string[]): string =>
    columns
      .map(({ align }, place) => {
        const cell = row[place] ?? '';
        const width = widths[place] as number;
        return align === 'left' ? cell.padEnd(width) : cell.padStart(width);
      })
      .join(GAP)
      .trimEnd();
  const rule = widths.map((width) => '─'.repeat(width)).join(GAP);
  return [line(titles), rule, ...rows.map(line)].join('\n');
}
