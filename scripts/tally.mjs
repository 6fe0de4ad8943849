// The one line in which a run of tests ends: `N passed, N failed`.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './workspace.mjs';

/** @typedef {{ passed: number, failed: number }} Tally */

/** Where the last `npm test` left its tally for a later check to add up. */
export const testTallyFile = join(root, '.tools', 'test-tally.json');

/**
 * @param {...Tally} tallies
 * @returns {Tally}
 */
export function sum(...tallies) {
  return {
    passed: tallies.reduce((total, tally) => total + tally.passed, 0),
    failed: tallies.reduce((total, tally) => total + tally.failed, 0),
  };
}

/** @param {string} file */
export function forgetTally(file) {
  mkdirSync(dirname(file), { recursive: true });
  rmSync(file, { force: true });
}

/**
 * A run that left no tally behind has failed.
 * @param {string} file
 * @returns {Tally}
 */
export function readTally(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 1 };
  }
}

/**
 * @param {string} file
 * @param {Tally} tally
 */
export function writeTally(file, tally) {
  writeFileSync(file, JSON.stringify(tally));
}

/** @param {Tally} tally */
export function printTally(tally) {
  process.exitCode = tally.failed === 0 ? 0 : 1;
  console.log(`\n${tally.passed} passed, ${tally.failed} failed`);
}
