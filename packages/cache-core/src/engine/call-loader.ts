import { CacheError } from '../errors/cache-error.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { shownKey } from '../key.ts';
import { retry } from '../resilience/retry.ts';
import { validate } from '../schema.ts';
import type { CallOptions } from './call-options.ts';
import type { Flight } from './flight.ts';
import { type LoadNotes, loadContext } from './load-context.ts';
import type { LoadRequest } from './load-request.ts';
import type { View } from './view.ts';

/** Loaders that are being called at this very moment. */
const calling: Flight[] = [];

/** Whether the loader of this flight is being called right now: should it ask for its own key, it would wait for itself. */
export function isCalling(flight: Flight): boolean {
  return calling.includes(flight);
}

/** Runs the loader, in line with others while the store is down (P10). */
export async function loadInTurn(
  view: View,
  request: LoadRequest,
  flight: Flight,
  notes: LoadNotes,
): Promise<unknown> {
  const { hub } = view;
  const limited = hub.shared !== null && hub.breaker.state !== 'closed';
  if (limited) await hub.loadLimit.enter(request.options.leaseWaitMs);
  try {
    return await callLoader(view, request, flight, notes);
  } finally {
    if (limited) hub.loadLimit.leave();
  }
}

async function callLoader(
  view: View,
  request: LoadRequest,
  flight: Flight,
  notes: LoadNotes,
): Promise<unknown> {
  const { hub, context } = view;
  const { options, key } = request;
  const startedMs = hub.clock.now();
  flight.begin();
  context.counters.loads += 1;
  try {
    const run = options.retry;
    const work =
      run === null
        ? start(request, flight, notes)
        : retry(() => start(request, flight, notes), { ...run, clock: hub.clock, signal: flight.signal });
    const value = await hub.watchdog.guard(work, options.hardTimeoutMs, () => {
      const late = new CacheError(
        `The loader of '${shownKey(key)}' did not finish within ${options.hardTimeoutMs} ms.`,
        CacheErrorCode.OPERATION_TIMEOUT,
        { retryable: true, details: { hardTimeoutMs: options.hardTimeoutMs } },
      );
      flight.abort(late);
      return late;
    });
    const checked = await checkLoaded(key, value, options);
    ended(view, key, startedMs, true);
    return checked;
  } catch (error) {
    context.counters.loadErrors += 1;
    ended(view, key, startedMs, false);
    if (flight.admitted) remember(view, request, error);
    throw error;
  }
}

/** Calls the loader once. One that throws before it answers has failed like one that rejects. */
async function start(request: LoadRequest, flight: Flight, notes: LoadNotes): Promise<unknown> {
  calling.push(flight);
  let answer: unknown;
  try {
    answer = request.loader(loadContext(flight, notes, request.stale));
  } finally {
    calling.pop();
  }
  return answer;
}

/** @throws VALIDATION_FAILED */
export async function checkLoaded(key: string, value: unknown, options: CallOptions): Promise<unknown> {
  if (options.schema === null || value === undefined) return value;
  const result = await validate(options.schema, value);
  if (result.valid) return result.value;
  throw new CacheError(
    `What was loaded for '${shownKey(key)}' does not match the schema: ${result.issueCount} issue(s), at ${result.paths.map((path) => `'${path}'`).join(', ')}.`,
    CacheErrorCode.VALIDATION_FAILED,
    { cause: result.cause, details: { paths: result.paths } },
  );
}

function ended(view: View, key: string, startedMs: number, ok: boolean): void {
  const durationMs = view.hub.clock.now() - startedMs;
  view.context.counters.latency.load.record(durationMs);
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
