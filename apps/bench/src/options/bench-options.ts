import { parseArgs } from 'node:util';
import { SCENARIO_NAMES, type ScenarioName } from '../scenario/scenario-name.ts';
import { STORE_NAMES, type StoreName } from '../store/store-name.ts';
import { UsageError } from '../usage-error.ts';
import { badOption, bytesOption, durationOption, shownArgument, wholeOption } from './option-value.ts';

/** What one run is to do. */
export interface BenchOptions {
  readonly scenarios: readonly ScenarioName[];
  /** The trace to replay; null = the recorded one. */
  readonly traceFile: string | null;
  /** Where entries live: each is measured by itself. */
  readonly stores: readonly StoreName[];
  /** How long each generated scenario and the micro-benchmarks may take; null = each its own default. */
  readonly durationMs: number | null;
  /** Entries that a cache may hold; null = a tenth of the distinct keys of the workload. */
  readonly size: number | null;
  /** How long the source takes to answer. */
  readonly latencyMs: number;
  /** Requests in flight. */
  readonly concurrency: number;
  readonly valueBytes: number;
  /** Of the generated workloads. */
  readonly seed: number;
  /** A further copy of the JSON report; null = none. */
  readonly jsonFile: string | null;
  /** The folder for `report.html` and `report.json`. */
  readonly outFolder: string;
}

/** What the command line asks for. */
export type Request =
  | { readonly kind: 'run'; readonly options: BenchOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' };

const FLAGS = {
  scenario: { type: 'string' },
  trace: { type: 'string' },
  store: { type: 'string' },
  duration: { type: 'string' },
  size: { type: 'string' },
  latency: { type: 'string' },
  concurrency: { type: 'string' },
  'value-bytes': { type: 'string' },
  seed: { type: 'string' },
  json: { type: 'string' },
  out: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const;
type FlagName = keyof typeof FLAGS;

const LATER_STORES = ['memcached', 'postgres'];
const HINT = 'Run with --help for what there is.';

/** @param args the command line behind the program's name. @throws UsageError for whatever cannot be done */
export function readRequest(args: readonly string[]): Request {
  const given = readFlags(args);
  if (given.has('help')) return { kind: 'help' };
  if (given.has('version')) return { kind: 'version' };
  return { kind: 'run', options: resolveOptions(given) };
}

function resolveOptions(given: ReadonlyMap<FlagName, string>): BenchOptions {
  const read = <T, D>(name: FlagName, byDefault: D, reader: (text: string) => T): T | D => {
    const text = given.get(name);
    return text === undefined ? byDefault : reader(text);
  };
  const text = (name: FlagName) => (value: string) => nonEmpty(name, value);
  const whole = (name: FlagName, min: number, max: number) => (value: string) =>
    wholeOption(name, value, { min, max });
  const traceFile = read('trace', null, text('trace'));
  return {
    scenarios: resolveScenarios(given.get('scenario'), traceFile !== null),
    traceFile,
    stores: resolveStores(given.get('store') ?? 'memory'),
    durationMs: read('duration', null, (value) =>
      durationOption('duration', value, 's', { min: 10, max: 3_600_000 }),
    ),
    size: read('size', null, whole('size', 1, 10_000_000)),
    latencyMs: read('latency', 2, (value) => durationOption('latency', value, 'ms', { min: 0, max: 60_000 })),
    concurrency: read('concurrency', 48, whole('concurrency', 1, 10_000)),
    valueBytes: read('value-bytes', 200, (value) =>
      bytesOption('value-bytes', value, { min: 1, max: 16 * 1024 ** 2 }),
    ),
    seed: read('seed', 1, whole('seed', 0, 2 ** 32 - 1)),
    jsonFile: read('json', null, text('json')),
    outFolder: read('out', 'bench-report', text('out')),
  };
}

/** Boolean flags answer `''`; of a value option given twice the last counts, except that scenarios and stores add up. */
function readFlags(args: readonly string[]): Map<FlagName, string> {
  const { tokens } = parseArgs({ args: [...args], options: FLAGS, strict: false, tokens: true });
  const given = new Map<FlagName, string>();
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') {
      throw new UsageError(`${shownArgument(token.value)} is not an option. ${HINT}`);
    }
    if (!Object.hasOwn(FLAGS, token.name)) {
      throw new UsageError(`There is no option ${shownArgument(token.rawName)}. ${HINT}`);
    }
    const name = token.name as FlagName;
    const takesValue = FLAGS[name].type === 'string';
    if (takesValue && token.value === undefined) throw new UsageError(`--${name} needs a value. ${HINT}`);
    if (!takesValue && token.value !== undefined) throw new UsageError(`--${name} takes no value. ${HINT}`);
    const before = name === 'scenario' || name === 'store' ? given.get(name) : undefined;
    given.set(name, before === undefined ? (token.value ?? '') : `${before},${token.value}`);
  }
  return given;
}

function resolveScenarios(text: string | undefined, withTrace: boolean): readonly ScenarioName[] {
  if (text === undefined) return withTrace ? ['trace'] : SCENARIO_NAMES;
  const asked = text.split(',').map((name) => name.trim());
  for (const name of asked) {
    if (!(SCENARIO_NAMES as readonly string[]).includes(name)) {
      throw badOption('scenario', name, `one or more of ${SCENARIO_NAMES.join(', ')}, separated by commas`);
    }
  }
  if (withTrace && !asked.includes('trace')) {
    throw new UsageError(
      `--trace is given, but --scenario ${shownArgument(text)} leaves the scenario trace out.`,
    );
  }
  return SCENARIO_NAMES.filter((name) => asked.includes(name));
}

function resolveStores(text: string): readonly StoreName[] {
  const asked = text.split(',').map((name) => name.trim());
  for (const name of asked) {
    if (LATER_STORES.includes(name)) {
      const there = STORE_NAMES.join(' and ');
      throw new UsageError(`--store '${name}' is not available yet in this version: ${there} are.`);
    }
    if (!(STORE_NAMES as readonly string[]).includes(name)) {
      throw badOption('store', name, `one or more of ${STORE_NAMES.join(', ')}, separated by commas`);
    }
  }
  return STORE_NAMES.filter((name) => asked.includes(name));
}

function nonEmpty(option: string, value: string): string {
  if (value.trim() !== '' && !value.includes('\0')) return value;
  throw badOption(option, value, 'a path');
}
