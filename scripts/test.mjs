// Every test there is: vitest over all packages, then the examples. Arguments go to vitest (and leave the examples out).
// Ends in the line `N passed, N failed`.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { runExamples } from './examples.mjs';
import { forgetTally, printTally, readTally, sum, testTallyFile, writeTally } from './tally.mjs';
import { root } from './workspace.mjs';

const filters = process.argv.slice(2);
forgetTally(testTallyFile);

const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const reporters = ['--reporter=default', `--reporter=${join(root, 'scripts', 'tally-reporter.mjs')}`];
const result = spawnSync(process.execPath, [vitest, 'run', ...reporters, ...filters], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, LARDER_TALLY_FILE: testTallyFile },
});

const tests = readTally(testTallyFile);
if (result.status !== 0 && tests.failed === 0) tests.failed = 1;

const tally = filters.length === 0 ? sum(tests, await runExamples()) : tests;
writeTally(testTallyFile, tally);
printTally(tally);
