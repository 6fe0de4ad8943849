import { expect, it } from 'vitest';
import { textTable } from './text-table.ts';

it('aligns what is under each title', () => {
  const columns = [
    { title: 'Subject', align: 'left' },
    { title: 'p50', align: 'right' },
  ] as const;
  const rows = [['larder', '1.00 µs'], [], ['no cache', '2 ms']];
  expect(textTable(columns, rows).split('\n')).toEqual([
    'Subject       p50',
    '────────  ───────',
    'larder    1.00 µs',
    '',
    'no cache     2 ms',
  ]);
});
