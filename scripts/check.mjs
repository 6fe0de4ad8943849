// The contributor's whole loop: build, tests, then every `check:…` script of package.json, also after a failed one.
// The last line is `N passed, N failed`, where each check and each test counts as one.
//
//   --after-tests   the tests have just run: take their tally over instead of running them again
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { forgetTally, printTally, readTally, sum, testTallyFile } from './tally.mjs';
import { root } from './workspace.mjs';

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const checks = Object.keys(scripts).filter((name) => name.startsWith('check:'));

/** @param {string} check */
function passes(check) {
  const started = performance.now();
  const { status, stdout, stderr, error } = spawnSync('pnpm', ['run', check], {
    cwd: root,
    encoding: 'utf8',
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(` ${status === 0 ? '✓' : '✗'} ${check} (${seconds} s)`);
  if (status === 0) return true;
  console.log(`${error?.message ?? ''}${stdout}${stderr}\n   Run it alone with \`pnpm ${check}\`.`);
  if (check === 'check:lint') console.log('   `pnpm format` mends most of it.');
  return false;
}

if (!process.argv.includes('--after-tests')) {
  forgetTally(testTallyFile);
  spawnSync(process.execPath, ['scripts/test.mjs'], { cwd: root, stdio: 'inherit' });
}
const tests = readTally(testTallyFile);

console.log('\nChecks');
const results = checks.map(passes);
const passed = results.filter(Boolean).length;
printTally(sum(tests, { passed, failed: results.length - passed }));
