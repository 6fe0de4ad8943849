// Runs every example as a reader would, against the built packages, and compares what it prints with its expected.txt.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { printTally } from './tally.mjs';
import { members } from './workspace.mjs';

const loader = new URL('./load-typescript.mjs', import.meta.url).href;
const limitMs = 60_000;

/**
 * @param {import('./workspace.mjs').Member} example
 * @returns {string | undefined} what is wrong
 */
function complaint(example) {
  const expectedFile = join(example.path, 'expected.txt');
  if (!existsSync(expectedFile)) return 'has no expected.txt: save what it should print there';
  const result = spawnSync(
    process.execPath,
    ['--unhandled-rejections=strict', '--import', loader, 'main.ts'],
    {
      cwd: example.path,
      encoding: 'utf8',
      timeout: limitMs,
    },
  );
  if (result.error) return `did not end within ${limitMs / 1000} s: ${result.error.message}`;
  if (result.status !== 0) return `ended with code ${result.status ?? result.signal}\n${result.stderr}`;
  return difference(readFileSync(expectedFile, 'utf8'), result.stdout);
}

/**
 * @param {string} expected
 * @param {string} printed
 */
function difference(expected, printed) {
  if (expected === printed) return undefined;
  const expectedLines = expected.split('\n');
  const printedLines = printed.split('\n');
  const length = Math.max(expectedLines.length, printedLines.length);
  for (let index = 0; index < length; index += 1) {
    if (expectedLines[index] === printedLines[index]) continue;
    const [wanted, got] = [expectedLines[index], printedLines[index]].map((line) => line ?? '(no such line)');
    return `differs from expected.txt in line ${index + 1}\n  expected: ${wanted}\n  printed:  ${got}`;
  }
  return undefined;
}

/** @returns {import('./tally.mjs').Tally} */
export function runExamples() {
  const tally = { passed: 0, failed: 0 };
  for (const example of members('examples')) {
    const wrong = complaint(example);
    if (wrong === undefined) tally.passed += 1;
    else tally.failed += 1;
    console.log(wrong === undefined ? ` ✓ ${example.folder}` : ` ✗ ${example.folder} ${wrong}`);
  }
  return tally;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) printTally(runExamples());
