import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { conformanceCases, sectionsOf } from '../src/index.ts';

const program = fileURLToPath(new URL('./node-test-program.ts', import.meta.url));
const loader = new URL('../../../scripts/load-typescript.mjs', import.meta.url).href;

/** Runs the program in a process of its own, and answers what node:test says. */
async function judged(...args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const options = ['--conditions=@larder/source', '--import', loader, '--test-reporter=tap'];
  const child = spawn(process.execPath, [...options, program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr.resume();
  const code = await new Promise<number | null>((resolve) => {
    child.on('close', resolve);
  });
  return { code, output };
}

function tally(output: string, what: 'pass' | 'fail' | 'skipped'): number {
  return Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(output)?.[1] ?? Number.NaN);
}

describe('with node:test', { timeout: 120_000 }, () => {
  it('a sound store passes, case by case', async () => {
    const { code, output } = await judged();
    const cases = sectionsOf({}).flatMap((section) => conformanceCases(section));
    expect({ code, passed: tally(output, 'pass'), failed: tally(output, 'fail') }).toEqual({
      code: 0,
      passed: cases.length,
      failed: 0,
    });
    expect(tally(output, 'skipped')).toBe(0);
  });

  it('a broken store fails', async () => {
    const { code, output } = await judged('forgets the ttl');
    expect(code).toBe(1);
    expect(tally(output, 'fail')).toBeGreaterThan(1);
    expect(output).toMatch(/not ok \d+ - the unit is the second/);
  });

  it('P13 a store that forgets a rejection fails, in the case where it does', async () => {
    const { code, output } = await judged('forgets a rejection');
    expect(code).toBe(1);
    expect(output).toMatch(/not ok \d+ - delete takes its key and no other/);
  });
});
