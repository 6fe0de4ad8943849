import { FAULT_KINDS } from '../faults/fault.ts';
import { SABOTAGE_NAMES, SABOTAGES } from '../sabotage/sabotage.ts';

/** What `--help` prints. */
export const HELP_TEXT = `larder prove: several processes, one Redis, faults, and not one stale read.

Usage: npm run prove [-- options]

  --operations N     so many operations (default: 1000000; with --seconds: as many as fit)
  --seconds N        for so long, instead of a number of operations
  --faults N         so many faults (default: 50, or one for each 5 of --seconds)
  --processes N      workers, 2 to 8 (default: 3)
  --rate N           operations a second of all of them together (default: 4000)
  --writes N         of 100 operations so many change something (default: 2)
  --seed N           of the faults and of what the workers do (default: 1)
  --only KINDS       these faults alone, separated by commas:
                     ${lines(FAULT_KINDS)}
  --store NAME       what is proven: redis, the only one in this version
  --json FILE        write all figures there
  --sabotage NAME    switch one mechanism off; the run must fail then:
${SABOTAGE_NAMES.map((name) => `                     ${name}: ${SABOTAGES[name]}`).join('\n')}
  --help, --version

Exit codes: 0 proven, 1 a violation or another failure, 2 a bad argument, 130 stopped by Ctrl-C.
`;

function lines(names: readonly string[]): string {
  const rows: string[][] = [];
  for (let start = 0; start < names.length; start += 5) rows.push([...names.slice(start, start + 5)]);
  return rows.map((row) => row.join(', ')).join(',\n                     ');
}
