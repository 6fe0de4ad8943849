import type { GetOptions, SetOptions } from '../contracts/options.ts';
import type { StampName } from '../contracts/stamp.ts';
import type { StandardSchema } from '../contracts/standard-schema.ts';
import { durationMs } from '../duration.ts';
import { checkName } from '../key.ts';
import { checkOptions, invalidOption, ratio, wholeNumber } from '../option-checks.ts';
import { type ResolvedRetry, resolveRetry } from '../resilience/retry.ts';
import { checkSchema } from '../schema.ts';

/** The options of a call, checked, in milliseconds, with every default in place. */
export interface CallOptions {
  readonly ttlMs: number;
  readonly graceMs: number;
  readonly jitter: number;
  /** Names of stamps. */
  readonly tags: readonly StampName[];
  readonly version: number | undefined;
  readonly compress: boolean | undefined;
  /** `Infinity`: no shorter than the entry itself. */
  readonly l1TtlMs: number;
  readonly softTimeoutMs: number;
  readonly hardTimeoutMs: number;
  readonly stallTimeoutMs: number;
  readonly earlyRefresh: number | 'xfetch' | false;
  readonly leaseWaitMs: number;
  readonly errorTtlMs: number;
  /** Null: a second where a stale value can be served, none elsewhere. */
  readonly errorBackoffMs: number | null;
  readonly retry: ResolvedRetry | null;
  readonly schema: StandardSchema | null;
  readonly signal: AbortSignal | null;
  readonly refresh: boolean;
}

export const CALL_OPTION_NAMES: readonly (keyof GetOptions)[] = [
  'ttl',
  'grace',
  'jitter',
  'tags',
  'version',
  'compress',
  'l1Ttl',
  'softTimeout',
  'hardTimeout',
  'stallTimeout',
  'earlyRefresh',
  'leaseWait',
  'errorTtl',
  'errorBackoff',
  'retry',
  'schema',
  'signal',
  'refresh',
];

export const SET_OPTION_NAMES: readonly (keyof SetOptions)[] = [
  'ttl',
  'grace',
  'jitter',
  'tags',
  'version',
  'compress',
  'l1Ttl',
  'schema',
];

export const DEFAULT_CALL_OPTIONS: CallOptions = {
  ttlMs: Infinity,
  graceMs: 0,
  jitter: 0,
  tags: [],
  version: undefined,
  compress: undefined,
  l1TtlMs: Infinity,
  softTimeoutMs: 0,
  hardTimeoutMs: Infinity,
  stallTimeoutMs: 10_000,
  earlyRefresh: false,
  leaseWaitMs: 5000,
  errorTtlMs: 0,
  errorBackoffMs: null,
  retry: null,
  schema: null,
  signal: null,
  refresh: false,
};

/** Most tags that one entry may carry. */
const MAX_TAGS = 10_000;

/**
 * Lays the options of a call over those of its cache. Reads each member once.
 * @param tagPrefix what makes a tag of this manager a stamp name
 * @throws INVALID_CONFIGURATION
 */
export function resolveCall(
  base: CallOptions,
  options: GetOptions | undefined,
  tagPrefix: string,
  where: string,
): CallOptions {
  if (options === undefined) return base;
  return overlay(base, checkOptions<GetOptions>(options, CALL_OPTION_NAMES, where), tagPrefix, where);
}

/** As {@link resolveCall}, for a value that is set: what belongs to a load has no meaning there, and is refused. */
export function resolveSet(
  base: CallOptions,
  options: SetOptions | undefined,
  tagPrefix: string,
  where: string,
): CallOptions {
  return overlay(base, checkOptions<SetOptions>(options, SET_OPTION_NAMES, where), tagPrefix, where);
}

/** As {@link resolveCall}, for members that have been checked for their names already. */
export function overlay(
  base: CallOptions,
  given: Partial<GetOptions>,
  tagPrefix: string,
  where: string,
): CallOptions {
  const ms = (
    name:
      | 'ttl'
      | 'grace'
      | 'l1Ttl'
      | 'softTimeout'
      | 'hardTimeout'
      | 'stallTimeout'
      | 'leaseWait'
      | 'errorTtl'
      | 'errorBackoff',
  ) => {
    const value = given[name];
    return value === undefined ? undefined : durationMs(value, `${where}.${name}`);
  };
  return {
    ttlMs: ms('ttl') ?? base.ttlMs,
    graceMs: ms('grace') ?? base.graceMs,
    jitter: given.jitter === undefined ? base.jitter : ratio(given.jitter, `${where}.jitter`),
    tags: given.tags === undefined ? base.tags : joinTags(base.tags, given.tags, tagPrefix, where),
    version: given.version === undefined ? base.version : wholeNumber(given.version, `${where}.version`),
    compress: given.compress === undefined ? base.compress : flag(given.compress, `${where}.compress`),
    l1TtlMs: ms('l1Ttl') ?? base.l1TtlMs,
    softTimeoutMs: ms('softTimeout') ?? base.softTimeoutMs,
    hardTimeoutMs: positive(ms('hardTimeout'), `${where}.hardTimeout`) ?? base.hardTimeoutMs,
    stallTimeoutMs: positive(ms('stallTimeout'), `${where}.stallTimeout`) ?? base.stallTimeoutMs,
    earlyRefresh: given.earlyRefresh === undefined ? base.earlyRefresh : early(given.earlyRefresh, where),
    leaseWaitMs: ms('leaseWait') ?? base.leaseWaitMs,
    errorTtlMs: ms('errorTtl') ?? base.errorTtlMs,
    errorBackoffMs: ms('errorBackoff') ?? base.errorBackoffMs,
    retry: given.retry === undefined ? base.retry : resolveRetry(given.retry, `${where}.retry`),
    schema: given.schema === undefined ? base.schema : checkSchema(given.schema, `${where}.schema`),
    signal: given.signal === undefined ? base.signal : abortSignal(given.signal, `${where}.signal`),
    refresh: given.refresh === undefined ? base.refresh : flag(given.refresh, `${where}.refresh`),
  };
}

/** Names of stamps for tags, each once. @throws INVALID_CONFIGURATION */
export function tagStamps(tags: readonly string[], tagPrefix: string, where: string): StampName[] {
  if (!Array.isArray(tags)) throw invalidOption(`${where}.tags`, 'an array of strings', tags);
  if (tags.length > MAX_TAGS) throw invalidOption(`${where}.tags`, `at most ${MAX_TAGS} tags`, tags.length);
  return [...new Set(tags.map((tag) => tagPrefix + checkName(tag, 'tag')))];
}

function joinTags(
  base: readonly StampName[],
  tags: readonly string[],
  prefix: string,
  where: string,
): readonly StampName[] {
  const added = tagStamps(tags, prefix, where);
  return base.length === 0 ? added : [...new Set([...base, ...added])];
}

function flag(value: unknown, option: string): boolean {
  if (typeof value === 'boolean') return value;
  throw invalidOption(option, 'true or false', value);
}

function positive(ms: number | undefined, option: string): number | undefined {
  if (ms === 0) throw invalidOption(option, 'longer than 0', 0);
  return ms;
}

function early(value: unknown, where: string): number | 'xfetch' | false {
  if (value === 'xfetch' || value === false) return value;
  if (typeof value === 'number' && value > 0 && value < 1) return value;
  throw invalidOption(`${where}.earlyRefresh`, "a share above 0 and below 1, 'xfetch' or false", value);
}

function abortSignal(value: unknown, option: string): AbortSignal {
  if (value instanceof AbortSignal) return value;
  throw invalidOption(option, 'an AbortSignal', value, 'Pass controller.signal, not the controller.');
}
