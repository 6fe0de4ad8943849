import { CacheError } from '../errors/cache-error.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { shownKey } from '../key.ts';
import { retry } from '../resilience/retry.ts';
import { validate } from '../schema.ts';
import type { CallOptions } from './call-options.ts';
import type { Flight } from './flight.ts';
import type { KeyLoadContext } from './load-context.ts';
import type { LoadRequest } from './load-request.ts';
import { callWatched } from './recursion.ts';
import type { View } from './view.ts';

/**
 * Calls the loader once, now. One that throws before it answers has failed like one that rejects.
 */
export function startLoader(request: LoadRequest, flight: Flight, loading: KeyLoadContext): Promise<unknown> {
  try {
    return Promise.resolve(callWatched(flight, () => request.loader(loading)));
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Runs the loader with its tries, its deadline and its schema. */
export async function callLoader(
  view: View,
  request: LoadRequest,
  flight: Flight,
  loading: KeyLoadContext,
): Promise<unknown> {
  const { hub } = view;
  const { options, key } = request;
  const startedMs = loadBegins(view, flight);
  try {
    const plan = options.retry;
    const work =
      plan === null
        ? startLoader(request, flight, loading)
        : retry(() => startLoader(request, flight, loading), {
            ...plan,
            clock: hub.clock,
            signal: flight.signal,
          });
    const checked = options.schema === null ? work : work.then((value) => checkLoaded(key, value, options));
    const value = await hub.watchdog.guard(checked, options.hardTimeoutMs, () => {
      const late = tooLate(key, options.hardTimeoutMs);
      // Before it is given up: then it would look as if its callers had left.
      if (flight.admitted) remember(view, request, late);
      flight.abort(late);
      return late;
    });
    loadEnded(view, request, startedMs);
    return value;
  } catch (error) {
    loadFailed(view, request, flight, startedMs, error);
    throw error;
  }
}

/** Marks the moment from which on an invalidation poisons the load, and answers it. */
export function loadBegins(view: View, flight: Flight): number {
  flight.begin();
  view.context.counters.loads += 1;
  return view.hub.clock.now();
}

export function loadEnded(view: View, { key }: LoadRequest, startedMs: number): void {
  tell(view, key, startedMs, true);
  if (!view.hub.failures.isEmpty) view.hub.failures.delete(view.place.address(key));
}

export function loadFailed(
  view: View,
  request: LoadRequest,
  flight: Flight,
  startedMs: number,
  error: unknown,
): void {
  view.context.counters.loadErrors += 1;
  tell(view, request.key, startedMs, false);
  if (flight.admitted) remember(view, request, error);
}

function tooLate(key: string, hardTimeoutMs: number): CacheError {
  return new CacheError(
    `The loader of '${shownKey(key)}' did not finish within ${hardTimeoutMs} ms.`,
    CacheErrorCode.OPERATION_TIMEOUT,
    { retryable: true, details: { hardTimeoutMs } },
  );
}

/** @throws VALIDATION_FAILED */
export async function checkLoaded(key: string, value: unknown, options: CallOptions): Promise<unknown> {
  if (options.schema === null || value === undefined) return value;
  const result = await validate(options.schema, value);
  if (result.valid) return result.value;
  throw new CacheError(
    `The value of '${shownKey(key)}' does not match the schema: ${result.issueCount} issue(s), at ${result.paths.map((path) => `'${path}'`).join(', ')}.`,
    CacheErrorCode.VALIDATION_FAILED,
    { cause: result.cause, details: { paths: result.paths } },
  );
}

function tell(view: View, key: string, startedMs: number, ok: boolean): void {
  const durationMs = view.hub.clock.now() - startedMs;
  view.context.counters.latency.load.record(durationMs);
  if (view.context.emitter.active)
    view.context.emitter.emit('load', { key, namespace: view.place.path, durationMs, ok });
}

/** Remembers a failed load for as long as the options say. */
function remember(view: View, { key, options, stale }: LoadRequest, error: unknown): void {
  const nowMs = view.hub.clock.now();
  const keptMs = Math.max(options.errorTtlMs, options.errorBackoffMs ?? 0);
  const backoffMs = options.errorBackoffMs ?? (stale === null ? 0 : STALE_BACKOFF_MS);
  if (keptMs === 0 && backoffMs === 0) return;
  view.hub.failures.set(view.place.address(key), {
    error,
    keptUntilMs: nowMs + keptMs,
    backoffUntilMs: nowMs + Math.max(backoffMs, options.errorTtlMs),
  });
}

const STALE_BACKOFF_MS = 1000;
