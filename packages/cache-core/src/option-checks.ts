import { CacheError } from './errors/cache-error.ts';
import { CacheErrorCode } from './errors/error-code.ts';
import { shownKey } from './key.ts';
import { redactUrl } from './observe/redact.ts';
import { isThenable } from './value.ts';

export interface NumberRange {
  /** The least value taken. Default 0. */
  readonly min?: number;
  /** The greatest value taken; `Infinity` takes that too. Default 2^53 − 1. */
  readonly max?: number;
}

const BYTE_UNITS = new Map([
  ['b', 1],
  ['kb', 1024],
  ['mb', 1024 ** 2],
  ['gb', 1024 ** 3],
]);
const BYTE_COUNT = /^(\d{1,15}(?:\.\d{1,15})?) ?(b|kb|mb|gb)$/i;
const LONGEST_NAME_COMPARED = 64;

/** The error for an option that cannot be used: names it, what was expected, what came, and what to write instead. */
export function invalidOption(option: string, expected: string, value: unknown, fix?: string): CacheError {
  const advice = fix === undefined ? '' : ` ${fix}`;
  return new CacheError(
    `${option} must be ${expected}; got ${shownValue(value)}.${advice}`,
    CacheErrorCode.INVALID_CONFIGURATION,
    { details: { option } },
  );
}

// Below, `+ 0` turns −0 into 0.

/** A number from 0 to 1. @throws CacheError `INVALID_CONFIGURATION` */
export function ratio(value: unknown, option: string): number {
  if (typeof value === 'number' && value >= 0 && value <= 1) return value + 0;
  throw invalidOption(option, 'a share, that is a number from 0 to 1', value, `Write 0.1 for a tenth.`);
}

/** A whole number within the range. @throws CacheError `INVALID_CONFIGURATION` */
export function wholeNumber(value: unknown, option: string, range: NumberRange = {}): number {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = range;
  const whole = Number.isSafeInteger(value) || (value === Infinity && max === Infinity);
  if (whole && (value as number) >= min && (value as number) <= max) return (value as number) + 0;
  const upTo = max === Infinity ? 'up, or Infinity' : max === Number.MAX_SAFE_INTEGER ? 'up' : `to ${max}`;
  throw invalidOption(option, `a whole number from ${min} ${upTo}`, value);
}

/**
 * A number of bytes: a whole number, `Infinity`, or a string such as `'512kb'`, `'64mb'`, `'1.5gb'`, where a kb is 1,024
 * bytes and a fraction of a byte is dropped.
 *
 * @throws CacheError `INVALID_CONFIGURATION`
 */
export function byteCount(value: unknown, option: string, range: Pick<NumberRange, 'min'> = {}): number {
  const { min = 0 } = range;
  const bytes = typeof value === 'string' ? parseBytes(value) : value;
  if ((Number.isSafeInteger(bytes) || bytes === Infinity) && (bytes as number) >= min)
    return (bytes as number) + 0;
  const expected = `a number of bytes from ${min} up, Infinity, or a string with a unit such as '512kb', '64mb', '1gb'`;
  throw invalidOption(option, expected, value);
}

/**
 * Reads each known option once, getters included, into an object of its own: what the caller does to `options` later
 * changes nothing. An option that is `undefined` counts as left out; so do no options at all.
 *
 * @param where what the options are for, as an error names it: `'CacheManager options'`
 * @throws CacheError `INVALID_CONFIGURATION` where `options` is no object, has a name that is not known, or cannot be read
 */
export function checkOptions<T extends object>(
  options: T | undefined,
  knownNames: readonly string[],
  where: string,
): Partial<T> {
  if (options === undefined) return {};
  if (typeof options !== 'object' || options === null || isArray(options)) {
    throw invalidOption(where, 'an object', options, `Leave it out, or write { ${knownNames[0] ?? ''}: … }.`);
  }
  if (isSomethingElse(options)) {
    throw invalidOption(
      where,
      'an object with options',
      options,
      'A loader is a function: write () => load().',
    );
  }
  const read: Record<string, unknown> = {};
  let name = '';
  try {
    for (name of Object.keys(options)) {
      if (!knownNames.includes(name)) throw unknownOption(name, knownNames, where);
    }
    for (name of knownNames) {
      const value = (options as Record<string, unknown>)[name];
      if (value !== undefined) read[name] = value;
    }
  } catch (cause) {
    if (cause instanceof CacheError) throw cause;
    throw new CacheError(
      `${where}: the option '${shownKey(name)}' could not be read. Pass a plain object whose getters do not throw.`,
      CacheErrorCode.INVALID_CONFIGURATION,
      { cause },
    );
  }
  return read as Partial<T>;
}

/** A value as an error may show it: short, and never the inside of an object, whose members may be secrets. */
export function shownValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `'${shownText(value)}'`;
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'bigint':
      return `a bigint`;
    case 'object':
      if (value === null) return 'null';
      return isArray(value) ? 'an array' : isDate(value) ? 'a Date' : 'an object';
    case 'function':
    case 'symbol':
      return `a ${typeof value}`;
    default:
      return String(value);
  }
}

/** What may be a URL, given for the wrong option, is shown without its user and password. */
function shownText(text: string): string {
  return shownKey(text.includes('@') || text.includes('://') ? redactUrl(text) : text);
}

function unknownOption(name: string, knownNames: readonly string[], where: string): CacheError {
  const closest = closestName(name, knownNames);
  const advice = closest === undefined ? `Known: ${knownNames.join(', ')}.` : `Did you mean '${closest}'?`;
  return new CacheError(
    `${where}: there is no option '${shownText(name)}'. ${advice}`,
    CacheErrorCode.INVALID_CONFIGURATION,
    { details: { option: shownText(name) } },
  );
}

function closestName(name: string, knownNames: readonly string[]): string | undefined {
  if (name.length > LONGEST_NAME_COMPARED) return undefined;
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const known of knownNames) {
    const distance = editDistance(name.toLowerCase(), known.toLowerCase());
    if (distance < bestDistance && distance < known.length) [best, bestDistance] = [known, distance];
  }
  return best;
}

/** Levenshtein's distance, with two neighbours swapped counted as one edit (optimal string alignment). */
function editDistance(from: string, to: string): number {
  let twoAbove: number[] = [];
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let least = Math.min(
        at(above, column) + 1,
        at(current, column - 1) + 1,
        at(above, column - 1) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]) {
        least = Math.min(least, at(twoAbove, column - 2) + 1);
      }
      current.push(least);
    }
    [twoAbove, above] = [above, current];
  }
  return at(above, to.length);
}

function at(numbers: readonly number[], index: number): number {
  return numbers[index] ?? Infinity;
}

function parseBytes(text: string): number {
  const [, amount, unit] = BYTE_COUNT.exec(text) ?? [];
  if (amount === undefined || unit === undefined) return Number.NaN;
  return Math.floor(Number(amount) * (BYTE_UNITS.get(unit.toLowerCase()) ?? Number.NaN));
}

/** As `Array.isArray`, which throws for a revoked proxy. */
function isArray(value: unknown): boolean {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

/** A promise or a collection that got where options belong: it would pass for an object without any. */
function isSomethingElse(value: object): boolean {
  try {
    if (value instanceof Map || value instanceof Set || value instanceof Date) return true;
    return isThenable(value);
  } catch {
    return false;
  }
}

function isDate(value: unknown): boolean {
  try {
    return value instanceof Date;
  } catch {
    return false;
  }
}
