import { expect, it } from 'vitest';
import { UsageError } from '../usage-error.ts';
import { readRequest } from './prove-options.ts';

function optionsOf(text: string) {
  const request = readRequest(text === '' ? [] : text.split(' '));
  return request.kind === 'run' ? request.options : request.kind;
}

it('runs a million operations with fifty faults unless told otherwise', () => {
  expect(optionsOf('')).toEqual({
    operations: 1_000_000,
    durationMs: Infinity,
    faults: 50,
    processes: 3,
    rate: 4000,
    writes: 2,
    seed: 1,
    only: null,
    store: 'redis',
    jsonFile: null,
    sabotage: null,
  });
});

it('runs for a time, with a fault each 5 s', () => {
  expect(optionsOf('--seconds 32')).toMatchObject({ operations: Infinity, durationMs: 32_000, faults: 6 });
  expect(optionsOf('--seconds 32 --faults 2')).toMatchObject({ faults: 2 });
});

it('reads names', () => {
  expect(optionsOf('--only cut,flushall --sabotage no-lease --store redis')).toMatchObject({
    only: ['cut', 'flushall'],
    sabotage: 'no-lease',
  });
  expect(optionsOf('-h')).toBe('help');
  expect(optionsOf('--version')).toBe('version');
});

it.each([
  '--nonsense',
  'words',
  '--operations',
  '--operations=',
  '--operations 1.5',
  '--operations -1',
  '--processes 1',
  '--writes 0',
  '--seconds 5 --operations 5',
  '--only cut,cute',
  '--store memcached',
  '--sabotage x',
  '--help=x',
])('refuses %s', (text) => {
  expect(() => optionsOf(text)).toThrow(UsageError);
});
