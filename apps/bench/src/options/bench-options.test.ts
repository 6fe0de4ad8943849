import { describe, expect, it } from 'vitest';
import { SCENARIO_NAMES } from '../scenario/scenario-name.ts';
import { readRequest } from './bench-options.ts';

function optionsOf(...args: string[]) {
  const request = readRequest(args);
  if (request.kind !== 'run') throw new Error(`expected a run, got ${request.kind}`);
  return request.options;
}

describe('readRequest', () => {
  it('has a default for everything', () => {
    expect(optionsOf()).toEqual({
      scenarios: SCENARIO_NAMES,
      traceFile: null,
      stores: ['memory'],
      durationMs: null,
      size: null,
      latencyMs: 2,
      concurrency: 48,
      valueBytes: 200,
      seed: 1,
      jsonFile: null,
      outFolder: 'bench-report',
    });
  });

  it('reads every option', () => {
    const args = '--trace t.gz --store redis,memory --duration 10s --size 1376 --latency 0 --concurrency 1';
    const more = '--value-bytes=10kb --seed 7 --json r.json --out o';
    expect(optionsOf(...args.split(' '), ...more.split(' '))).toEqual({
      scenarios: ['trace'],
      traceFile: 't.gz',
      stores: ['memory', 'redis'],
      durationMs: 10_000,
      size: 1376,
      latencyMs: 0,
      concurrency: 1,
      valueBytes: 10_240,
      seed: 7,
      jsonFile: 'r.json',
      outFolder: 'o',
    });
  });

  it('takes scenarios as a list or one by one, and runs each once in the usual order', () => {
    expect(optionsOf('--scenario', 'micro, zipf').scenarios).toEqual(['zipf', 'micro']);
    expect(optionsOf('--scenario', 'micro', '--scenario=trace,micro').scenarios).toEqual(['trace', 'micro']);
  });

  it('takes stores in the same way, and measures them in their own order', () => {
    expect(optionsOf('--store', 'redis').stores).toEqual(['redis']);
    expect(optionsOf('--store', 'redis', '--store', 'memory,redis').stores).toEqual(['memory', 'redis']);
  });

  it('prefers help and version to everything else that is well formed', () => {
    expect(readRequest(['--size', '5', '--help'])).toEqual({ kind: 'help' });
    expect(readRequest(['-h'])).toEqual({ kind: 'help' });
    expect(readRequest(['--version'])).toEqual({ kind: 'version' });
  });

  it.each([
    [['--scenario', 'zip'], "--scenario 'zip': expected one or more of trace, zipf, scan, stampede, micro"],
    [['--scenario', ''], "--scenario '': expected one or more of"],
    [['--scenario', 'zipf', '--trace', 'x'], 'leaves the scenario trace out'],
    [
      ['--store', 'memory,postgres'],
      "--store 'postgres' is not available yet in this version: memory and redis are",
    ],
    [['--store', 'disk'], "--store 'disk': expected one or more of memory, redis, separated by commas"],
    [['--store', ''], "--store '': expected one or more of memory, redis"],
    [['--duration', 'soon'], "--duration 'soon': expected a duration from 10ms to 1h"],
    [['--duration', '-5s'], "--duration '-5s': expected a duration"],
    [['--latency', '2 ms'], "--latency '2 ms': expected a duration from 0 to 60s"],
    [['--size', '0'], "--size '0': expected a whole number from 1 to 10,000,000"],
    [['--concurrency', '1e3'], "--concurrency '1e3': expected a whole number from 1 to 10,000"],
    [['--value-bytes', '1gb'], "--value-bytes '1gb': expected a number of bytes"],
    [['--seed', '-1'], "--seed '-1': expected a whole number"],
    [['--trace', ''], "--trace '': expected a path"],
    [['--size'], '--size needs a value'],
    [['--help=yes'], '--help takes no value'],
    [['--sizes', '5'], "There is no option '--sizes'"],
    [['-x'], "There is no option '-x'"],
    [['--constructor'], "There is no option '--constructor'"],
    [['web12.txt.gz'], "'web12.txt.gz' is not an option"],
    [['--', 'x'], "'x' is not an option"],
  ])('refuses %j in one line', (args, message) => {
    let thrown: unknown;
    try {
      readRequest(args);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ name: 'UsageError', message: expect.stringContaining(message) });
    expect((thrown as Error).message).not.toContain('\n');
  });
});
