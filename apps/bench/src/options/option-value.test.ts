import { expect, it } from 'vitest';
import { bytesOption, durationOption, shownArgument, wholeOption } from './option-value.ts';

const hour = { min: 0, max: 3_600_000 };

it.each([
  ['250ms', 250],
  ['10s', 10_000],
  ['1.5s', 1500],
  ['2m', 120_000],
  ['0', 0],
  ['3', 3000],
])('reads the duration %s', (text, ms) => {
  expect(durationOption('duration', text, 's', hour)).toBe(ms);
});

it('lets a bare number count what the option says', () => {
  expect(durationOption('latency', '3', 'ms', hour)).toBe(3);
});

it.each(['', 'soon', '-1s', '10 s', '1e3', '2h', 'NaN', '١s'])('refuses the duration %j', (text) => {
  expect(() => durationOption('duration', text, 's', hour)).toThrow(
    /^--duration '.*': expected a duration from 0 to 1h/,
  );
});

it.each([
  ['200', 200],
  ['10kb', 10_240],
  ['1.5KB', 1536],
  ['1mb', 1_048_576],
])('reads the bytes %s', (text, bytes) => {
  expect(bytesOption('value-bytes', text, { min: 1, max: 2 ** 24 })).toBe(bytes);
});

it.each(['', '0', '-5', '1gb', '99999999999', '0x10'])('refuses the bytes %j', (text) => {
  expect(() => bytesOption('value-bytes', text, { min: 1, max: 2 ** 24 })).toThrow(
    /^--value-bytes .*expected/,
  );
});

it.each(['', '0', '1.5', '1e3', '-1', '11', 'ten', '99999999999999999999'])(
  'refuses the whole number %j',
  (text) => {
    expect(() => wholeOption('size', text, { min: 1, max: 10 })).toThrow(
      `--size '${text}': expected a whole number from 1 to 10.`,
    );
  },
);

it('shows an argument on one line and not at any length', () => {
  expect(shownArgument('a\nb\u001b[31m')).toBe("'a�b�[31m'");
  expect(shownArgument('x'.repeat(1000)).length).toBeLessThan(70);
});
