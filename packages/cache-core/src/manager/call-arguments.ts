import type { GetOptions, InvalidateOptions } from '../contracts/options.ts';
import { type Found, isStale } from '../engine/found.ts';
import { checkOptions, invalidOption } from '../option-checks.ts';

/** Whether a hit may be handed out without a further look at the options. */
export function isPlain(options: unknown): boolean {
  if (options === undefined || options === null) return true;
  if (typeof options !== 'object') return false;
  try {
    const { refresh, schema, signal } = options as GetOptions;
    return refresh !== true && schema === undefined && signal === undefined;
  } catch {
    // A getter that throws: the slow path says so properly.
    return false;
  }
}

export function announces(options: InvalidateOptions | undefined): boolean {
  const { announce = true } = checkOptions<InvalidateOptions>(
    options ?? undefined,
    ['announce'],
    'invalidate',
  );
  if (typeof announce !== 'boolean') throw invalidOption('announce', 'true or false', announce);
  return announce;
}

/** What a caller with a loader gets: a stale value was found for him on purpose. */
export function anyValueOf(found: Found | null): unknown {
  return found === null ? null : found.value;
}

export function freshValueOf(found: Found | null): unknown {
  return found === null || isStale(found) ? null : found.value;
}
