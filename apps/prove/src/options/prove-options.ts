import { parseArgs } from 'node:util';
import { FAULT_KINDS, type FaultKind } from '../faults/fault.ts';
import { SABOTAGE_NAMES, type Sabotage } from '../sabotage/sabotage.ts';
import { UsageError } from '../usage-error.ts';

/** What one run is to do. */
export interface ProveOptions {
  /** How many operations; `Infinity` where the time decides. */
  readonly operations: number;
  /** How long; `Infinity` where the number of operations decides. */
  readonly durationMs: number;
  readonly faults: number;
  readonly processes: number;
  /** Operations a second, of all processes together. */
  readonly rate: number;
  /** Of 100 operations so many change something. */
  readonly writes: number;
  readonly seed: number;
  /** Kinds of faults; null = all. */
  readonly only: readonly FaultKind[] | null;
  readonly store: 'redis';
  readonly jsonFile: string | null;
  readonly sabotage: Sabotage | null;
}

/** What the command line asks for. */
export type Request =
  | { readonly kind: 'run'; readonly options: ProveOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' };

const FLAGS = {
  operations: { type: 'string' },
  seconds: { type: 'string' },
  faults: { type: 'string' },
  processes: { type: 'string' },
  rate: { type: 'string' },
  writes: { type: 'string' },
  seed: { type: 'string' },
  only: { type: 'string' },
  store: { type: 'string' },
  json: { type: 'string' },
  sabotage: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const;
type FlagName = keyof typeof FLAGS;

const HINT = 'Run with --help for what there is.';
const SECONDS_A_FAULT = 5;

/** @param args the command line behind the program's name. @throws UsageError for whatever cannot be done */
export function readRequest(args: readonly string[]): Request {
  const given = readFlags(args);
  if (given.has('help')) return { kind: 'help' };
  if (given.has('version')) return { kind: 'version' };
  return { kind: 'run', options: resolveOptions(given) };
}

function resolveOptions(given: ReadonlyMap<FlagName, string>): ProveOptions {
  const whole = (name: FlagName, byDefault: number, min: number, max: number): number => {
    const text = given.get(name);
    return text === undefined ? byDefault : wholeOption(name, text, min, max);
  };
  if (given.has('seconds') && given.has('operations'))
    throw new UsageError('--seconds and --operations exclude each other: which of them is to end the run?');
  const timed = given.has('seconds');
  const seconds = whole('seconds', 0, 1, 86_400);
  const faults = whole('faults', timed ? Math.floor(seconds / SECONDS_A_FAULT) : 50, 0, 100_000);
  return {
    operations: timed ? Infinity : whole('operations', 1_000_000, 1, 1_000_000_000),
    durationMs: timed ? seconds * 1000 : Infinity,
    faults,
    processes: whole('processes', 3, 2, 8),
    rate: whole('rate', 4000, 1, 1_000_000),
    writes: whole('writes', 2, 1, 100),
    seed: whole('seed', 1, 0, 2 ** 32 - 1),
    only: listOption('only', given.get('only'), FAULT_KINDS),
    store: oneOption('store', given.get('store'), ['redis']) ?? 'redis',
    jsonFile: given.get('json') ?? null,
    sabotage: oneOption('sabotage', given.get('sabotage'), SABOTAGE_NAMES),
  };
}

/** Boolean flags answer `''`; of an option given twice the last counts. */
function readFlags(args: readonly string[]): Map<FlagName, string> {
  const { tokens } = parseArgs({ args: [...args], options: FLAGS, strict: false, tokens: true });
  const given = new Map<FlagName, string>();
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') throw new UsageError(`'${token.value}' is not an option. ${HINT}`);
    if (!Object.hasOwn(FLAGS, token.name))
      throw new UsageError(`There is no option '${token.rawName}'. ${HINT}`);
    const name = token.name as FlagName;
    const takesValue = FLAGS[name].type === 'string';
    if (takesValue && (token.value ?? '') === '') throw new UsageError(`--${name} needs a value. ${HINT}`);
    if (!takesValue && token.value !== undefined) throw new UsageError(`--${name} takes no value. ${HINT}`);
    given.set(name, token.value ?? '');
  }
  return given;
}

function wholeOption(name: string, text: string, min: number, max: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(
    `--${name} '${text}': expected a whole number from ${min} to ${max.toLocaleString('en-US')}.`,
  );
}

function oneOption<T extends string>(name: string, text: string | undefined, known: readonly T[]): T | null {
  if (text === undefined) return null;
  const found = known.find((one) => one === text);
  if (found !== undefined) return found;
  throw new UsageError(
    `--${name} '${text}': expected ${known.length > 1 ? 'one of ' : ''}${known.join(', ')}.`,
  );
}

function listOption<T extends string>(
  name: string,
  text: string | undefined,
  known: readonly T[],
): readonly T[] | null {
  if (text === undefined) return null;
  return text.split(',').map((one) => oneOption(name, one.trim(), known) as T);
}
