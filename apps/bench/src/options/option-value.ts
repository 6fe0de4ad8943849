import { UsageError } from '../usage-error.ts';

const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/;
const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
type DurationUnit = keyof typeof UNIT_MS;

const BYTES = /^(\d+(?:\.\d+)?)(b|kb|mb)?$/i;
const UNIT_BYTES: Readonly<Record<string, number>> = { b: 1, kb: 1024, mb: 1024 ** 2 };

const LONGEST_SHOWN = 60;
// biome-ignore lint/suspicious/noControlCharactersInRegex: what would garble a terminal is what must not be shown
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f]/g;

export interface Range {
  readonly min: number;
  readonly max: number;
}

/** Milliseconds from `'250ms'`, `'10s'`, `'2m'`; a bare number counts `bareUnit`. @throws UsageError */
export function durationOption(option: string, text: string, bareUnit: DurationUnit, range: Range): number {
  const [, amount, unit = bareUnit] = DURATION.exec(text) ?? [];
  const ms = amount === undefined ? Number.NaN : Number(amount) * UNIT_MS[unit as DurationUnit];
  if (ms >= range.min && ms <= range.max) return ms;
  const bare = bareUnit === 'ms' ? 'milliseconds' : 'seconds';
  throw badOption(
    option,
    text,
    `a duration from ${shownMs(range.min)} to ${shownMs(range.max)}, such as 250ms or 10s (a bare number counts ${bare})`,
  );
}

/** @throws UsageError */
export function wholeOption(option: string, text: string, range: Range): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= range.min && value <= range.max) return value;
  const [least, most] = [range.min, range.max].map((bound) => bound.toLocaleString('en-US'));
  throw badOption(option, text, `a whole number from ${least} to ${most}`);
}

/** Bytes from `'200'`, `'10kb'`, `'1mb'`. @throws UsageError */
export function bytesOption(option: string, text: string, range: Range): number {
  const [, amount, unit = 'b'] = BYTES.exec(text) ?? [];
  const bytes =
    amount === undefined ? Number.NaN : Math.floor(Number(amount) * (UNIT_BYTES[unit.toLowerCase()] ?? 0));
  if (bytes >= range.min && bytes <= range.max) return bytes;
  const most = range.max.toLocaleString('en-US');
  throw badOption(option, text, `a number of bytes from ${range.min} to ${most}, such as 200 or 10kb`);
}

/** The one line for a value that cannot be used: the option, what came, what was expected. */
export function badOption(option: string, value: string, expected: string): UsageError {
  return new UsageError(`--${option} ${shownArgument(value)}: expected ${expected}.`);
}

/** An argument as a message may show it: quoted, on one line, cut where it is long. */
export function shownArgument(text: string): string {
  const printable = text.replace(UNPRINTABLE, '�');
  return `'${printable.length > LONGEST_SHOWN ? `${printable.slice(0, LONGEST_SHOWN)}…` : printable}'`;
}

function shownMs(ms: number): string {
  if (ms === 0) return '0';
  if (ms < 1000) return `${ms}ms`;
  return ms < 3_600_000 ? `${ms / 1000}s` : `${ms / 3_600_000}h`;
}
