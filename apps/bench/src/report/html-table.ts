import type { TextColumn } from '../terminal/text-table.ts';
import { escapeHtml } from './html-text.ts';

/** The same columns and rows as in the terminal. A row of one cell is a heading; an empty one becomes a line. */
export function htmlTable(
  caption: string,
  columns: readonly TextColumn[],
  rows: readonly (readonly string[])[],
): string {
  const head = columns
    .map(({ title, align }) => `<th scope="col" class="${align}">${escapeHtml(title)}</th>`)
    .join('');
  const body = rows.flatMap((row, place) =>
    row.length === 0 ? [] : [htmlRow(row, columns, place > 0 && rows[place - 1]?.length === 0)],
  );
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(caption)}"><table>
<caption>${escapeHtml(caption)}</caption>
<thead><tr>${head}</tr></thead>
<tbody>
${body.join('\n')}
</tbody>
</table></div>`;
}

function htmlRow(row: readonly string[], columns: readonly TextColumn[], ruled: boolean): string {
  const [first = ''] = row;
  if (row.length === 1) {
    return `<tr class="group"><th scope="colgroup" colspan="${columns.length}">${escapeHtml(first)}</th></tr>`;
  }
  const cells = columns.map(({ align }, place) => {
    const cell = (row[place] ?? '').trim();
    const mark = cell === 'within' || cell === 'above' ? ` ${cell}` : '';
    return `<td class="${align}${mark}">${escapeHtml(cell)}</td>`;
  });
  return `<tr${ruled ? ' class="first"' : ''}>${cells.join('')}</tr>`;
}
