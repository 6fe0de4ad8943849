import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../src/report/report.ts';
import { type BundledProve, bundleProve } from './bundled-prove.ts';

let bundled: BundledProve;
beforeAll(async () => {
  bundled = await bundleProve();
}, 60_000);
afterAll(() => bundled?.remove());

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program; `watch` sees what it prints, and may send it a signal. */
async function run(
  args: string,
  watch: (stdout: string, signal: (name: NodeJS.Signals) => void) => void = () => undefined,
): Promise<Ended> {
  const child = spawn(process.execPath, [bundled.program, ...args.split(' ')], {
    cwd: bundled.folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    watch(stdout, (signal) => child.kill(signal));
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code] = await once(child, 'close');
  return { code, stdout, stderr };
}

async function reportIn(file: string): Promise<Report> {
  return JSON.parse(await readFile(join(bundled.folder, file), 'utf8'));
}

describe('pnpm prove', { timeout: 180_000 }, () => {
  it('finds no stale read in 30 seconds with six faults (P1–P5, P9, P10, P13; F5–F7, F11, F13, F24)', async () => {
    const faults = 'worker-pause,lost-message,stall-bus,server-restart,flushall,kill-clients';
    const { code, stdout, stderr } = await run(
      `--seconds 30 --faults 6 --rate 900 --only ${faults} --json proof.json`,
    );
    expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' });
    const report = await reportIn('proof.json');
    expect(report).toMatchObject({ proven: true, violations: [] });
    expect(report.faults).toHaveLength(6);
    expect(report.checkedReads).toBeGreaterThan(1000);
    expect(report.mutations.calm.acknowledged + report.mutations.troubled.acknowledged).toBeGreaterThan(50);
  });

  // Each has the faults that show it, where it does not show without any.
  it.each([
    ['deaf', '--faults 0', /^(stale|own-write)$/],
    ['no-lease', '--faults 0', /^(stale|own-write)$/],
    ['no-stamps', '--faults 0', /^(stale|own-write)$/],
    ['no-versions', '--faults 0 --writes 20', /^(stale|own-write)$/],
    ['no-gap', '--faults 12 --only lost-message,cut --writes 5', /^stale$/],
    ['no-lease-time', '--faults 12 --only worker-pause --writes 5', /^stale$/],
    ['early-ack', '--faults 12 --only read-only --writes 20', /^(stale|own-write)$/],
  ])('notices %s', async (sabotage, args, rule) => {
    const file = `${sabotage}.json`;
    const { code, stdout } = await run(
      `--seconds 36 --rate 900 --sabotage ${sabotage} ${args} --json ${file}`,
    );
    expect(code, stdout).toBe(1);
    expect((await reportIn(file)).violations.map((violation) => violation.rule)[0]).toMatch(rule);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends at %s with all that it has started', async (name) => {
    let sent = false;
    const { code, stdout, stderr } = await run(
      '--seconds 60 --faults 1 --only worker-pause',
      (printed, signal) => {
        if (!sent && printed.includes('stands still')) signal(name);
        sent ||= printed.includes('stands still');
      },
    );
    // Its output closes only when the last of its processes has ended.
    expect({ code, stderr }, stdout).toEqual({ code: name === 'SIGINT' ? 130 : 143, stderr: '' });
    expect(stdout).toContain('Stopped before the end; no violation so far.');
  });

  it.each(['--nonsense', '--store memory', '--faults x', '--only nothing'])(
    'refuses %s with one line and exit code 2',
    async (args) => {
      const { code, stdout, stderr } = await run(args);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/^larder-prove: [^\n]+\n$/);
    },
  );

  it('prints help and version', async () => {
    expect(await run('--help')).toMatchObject({ code: 0, stdout: expect.stringContaining('--operations N') });
    expect((await run('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
