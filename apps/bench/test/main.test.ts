import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RedisServer } from '@larder/store-testkit/services';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../src/report/report.ts';
import { SCENARIO_NAMES } from '../src/scenario/scenario-name.ts';
import { type BundledBench, bundleBench } from './bundled-bench.ts';

let bundled: BundledBench;
beforeAll(async () => {
  bundled = await bundleBench();
}, 60_000);
afterAll(() => bundled?.remove());

/** A server of whoever runs the tests is not for them. */
const { REDIS_URL: _, ...withoutRedis } = process.env;

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program in a folder of its own; `watch` sees what it prints, and may send it a signal. */
async function run(
  name: string,
  args: readonly string[],
  watch: (stdout: string, signal: (name: NodeJS.Signals) => void) => void = () => undefined,
  environment: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const cwd = join(bundled.folder, name);
  await mkdir(cwd, { recursive: true });
  const child = spawn(process.execPath, [bundled.program, ...args], {
    cwd,
    env: { ...withoutRedis, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
    watch(stdout, (signal) => child.kill(signal));
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, stdout, stderr };
}

async function reportOf(name: string): Promise<Report> {
  return JSON.parse(await readFile(join(bundled.folder, name, 'bench-report', 'report.json'), 'utf8'));
}

describe('npm run bench', { timeout: 120_000 }, () => {
  it.each(SCENARIO_NAMES)('runs the scenario %s and writes its report', async (scenario) => {
    const { code, stdout, stderr } = await run(scenario, ['--scenario', scenario, '--duration', '200ms']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`✓ ${scenario} · `);
    expect(stdout).toContain(`Written: ${join('bench-report', 'report.html')}`);
    const report = await reportOf(scenario);
    expect(report).toMatchObject({ interrupted: false, failure: null, scenarios: [{ name: scenario }] });
    const html = await readFile(join(bundled.folder, scenario, 'bench-report', 'report.html'), 'utf8');
    expect(html).toContain('<svg');
    expect(html).not.toContain(bundled.folder);
    expect(await readdir(join(bundled.folder, scenario, 'bench-report'))).toEqual([
      'report.html',
      'report.json',
    ]);
  });

  it.each(['zipf', 'scan', 'stampede'])(
    'runs the scenario %s on Redis, which it starts and ends itself',
    async (scenario) => {
      const args = ['--store', 'memory,redis', '--scenario', scenario, '--duration', '400ms'];
      const { code, stdout, stderr } = await run(`redis-${scenario}`, args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const report = await reportOf(`redis-${scenario}`);
      expect(report).toMatchObject({ failure: null, servers: { redis: { own: true } } });
      const [replays] = report.scenarios;
      const lanes =
        replays?.kind === 'replay' ? replays.results.map(({ subject, lane }) => [subject, lane]) : [];
      expect(lanes).toEqual([
        ['larder', 'L1'],
        ['lru-cache', 'L1'],
        ['larder, L2', 'L2'],
        ['larder, L1 + L2', 'L1 + L2'],
        ['ioredis by hand', 'L2'],
        ['no cache', null],
      ]);
      expect(stdout).toMatch(/Hit ratio +in L1 +in L2/);
    },
  );

  it('measures single operations on the Redis that it is given, and leaves nothing there', async () => {
    const server = await RedisServer.start({ password: 'not to be seen' });
    try {
      await server.command('SET', 'somebody-elses', 'value');
      const args = ['--store', 'redis', '--scenario', 'micro', '--duration', '100ms'];
      const { code, stdout, stderr } = await run('redis-micro', args, undefined, { REDIS_URL: server.url });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/getMany of 100, all hits +1 +MGET × 1$/m);
      expect(stdout).toMatch(/^hit in Redis, 200 B, 64 at once:$/m);
      const report = await readFile(
        join(bundled.folder, 'redis-micro', 'bench-report', 'report.json'),
        'utf8',
      );
      expect(stdout + report).not.toMatch(/seen|127\.0\.0\.1/);
      expect(JSON.parse(report)).toMatchObject({ servers: { redis: { own: false } } });
      expect(await server.command('KEYS', '*')).toEqual(['somebody-elses']);
    } finally {
      await server.stop();
    }
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('removes its keys from Redis at %s', async (name) => {
    const server = await RedisServer.start();
    try {
      let sent = false;
      const args = ['--store', 'redis', '--scenario', 'zipf,micro', '--duration', '60s'];
      const watch = (printed: string, signal: (name: NodeJS.Signals) => void): void => {
        if (!sent && printed.includes('larder, L2   ')) signal(name);
        sent ||= printed.includes('larder, L2   ');
      };
      const { code, stderr } = await run(`redis-${name}`, args, watch, { REDIS_URL: server.url });
      expect({ code, stderr }).toEqual({ code: name === 'SIGINT' ? 130 : 143, stderr: '' });
      expect(await reportOf(`redis-${name}`)).toMatchObject({ interrupted: true, failure: null });
      expect(await server.command('DBSIZE')).toBe(0);
    } finally {
      await server.stop();
    }
  });

  it('fails in one line where no Redis is to be had', async () => {
    const refused = { REDIS_URL: 'redis://:secret@127.0.0.1:1' };
    const { code, stdout, stderr } = await run('no-redis', ['--store', 'redis'], undefined, refused);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^larder-bench: --store redis: the server of REDIS_URL cannot be used: [^\n]+\n$/);
    expect(stderr).not.toContain('secret');
    const missing = await run('no-redis', ['--store', 'redis'], undefined, {
      REDIS_SERVER: '/no/such/program',
    });
    expect(missing).toMatchObject({ code: 2, stdout: '' });
    expect(missing.stderr).toMatch(
      /^larder-bench: --store redis needs a Redis server[^\n]+REDIS_URL[^\n]+\n$/,
    );
  });

  it('replays the trace and writes to the places that it is given', async () => {
    const cwd = join(bundled.folder, 'given');
    await mkdir(cwd);
    await writeFile(join(cwd, 'trace.txt'), 'a\nb\na\na\nc\nb\n');
    const args = '--trace trace.txt --size 2 --latency 0 --concurrency 1 --out o/p --json more.json'.split(
      ' ',
    );
    const { code, stdout } = await run('given', args);
    expect(code).toBe(0);
    expect(stdout).toMatch(/trace +larder, one at a time +33\.3 %/);
    const json = await readFile(join(cwd, 'more.json'), 'utf8');
    expect(json).toBe(await readFile(join(cwd, 'o', 'p', 'report.json'), 'utf8'));
    expect(JSON.parse(json).options).toMatchObject({ trace: 'trace.txt', size: 2, scenarios: ['trace'] });
  });

  it.each([
    '--nonsense',
    '--scenario zip',
    '--store postgres',
    '--trace no-such-file',
    '--trace .',
    '--scenario zipf --out taken',
    '--scenario zipf --json missing/x.json',
  ])('refuses %s with one line and exit code 2', async (args) => {
    await mkdir(join(bundled.folder, 'refused'), { recursive: true });
    await writeFile(join(bundled.folder, 'refused', 'taken'), '');
    const { code, stdout, stderr } = await run('refused', args.split(' '));
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^larder-bench: [^\n]+\n$/);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('prints and writes what it has at %s', async (name) => {
    let sent = false;
    const args = ['--scenario', 'zipf,scan,micro', '--duration', '2s', '--latency', '5ms'];
    const { code, stdout, stderr } = await run(name, args, (printed, signal) => {
      if (!sent && printed.includes('zipf · larder')) signal(name);
      sent ||= printed.includes('zipf · larder');
    });
    expect({ code, stderr }).toEqual({ code: name === 'SIGINT' ? 130 : 143, stderr: '' });
    expect(stdout).toMatch(/^zipf +larder /m);
    expect(await reportOf(name)).toMatchObject({ interrupted: true, scenarios: [{ name: 'zipf' }] });
  });

  it('leaves no process behind when it is stopped amid the micro-benchmarks', async () => {
    let sent = false;
    const { code } = await run('micro-stopped', ['--scenario', 'micro'], (printed, signal) => {
      if (!sent && printed.includes('round')) signal('SIGINT');
      sent ||= printed.includes('round');
    });
    // Its output closes only when the last of its processes has ended.
    expect(code).toBe(130);
  });

  it('prints help and version', async () => {
    expect(await run('help', ['--help'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('--scenario NAMES'),
    });
    expect((await run('help', ['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(await readdir(join(bundled.folder, 'help'))).toEqual([]);
  });
});
