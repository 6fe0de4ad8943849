import { SlowSource, SourceClosed } from '../source/slow-source.ts';
import type { Subject, SubjectKind } from '../subject/subject.ts';
import { EventLoopTurn } from './event-loop-turn.ts';
import { liveBytes } from './heap-size.ts';
import { LatencyRecord } from './latency-record.ts';
import type { ReplayEnd, ReplayResult } from './replay-result.ts';

export interface ReplayConditions {
  readonly maxEntries: number;
  readonly latencyMs: number;
  readonly valueBytes: number;
  readonly concurrency: number;
  /** The replay ends after this long, or after so many requests, if not before. */
  readonly boundMs: number;
  readonly maxRequests: number;
  /** Ends it at once. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ReplayProgress) => void;
}

interface ReplayProgress {
  readonly requests: number;
  readonly elapsedMs: number;
  readonly hitRatio: number;
}

/** What the clients of a replay share. */
interface ReplayStage {
  readonly subject: Subject;
  readonly source: SlowSource;
  readonly concurrency: number;
  readonly stopped: () => boolean;
  /** One request: asks, times it, checks the answer. */
  request(key: string): Promise<void>;
}

/** Sends the requests; resolves when there are no more. */
export type ReplayDriver = (stage: ReplayStage) => Promise<void>;

const PROGRESS_EVERY_MS = 100;
const WARM_UP_REQUESTS = 2000;

/**
 * Puts a new cache of this kind in front of a new source and lets the driver send its requests. What is in flight when
 * the time is over is dropped and not counted. Whatever is large in the workload must outlive the replay: it is weighed
 * with the heap, before and after.
 *
 * @throws WrongValue as soon as an answer is wrong
 */
export async function replay(
  kind: SubjectKind,
  driver: ReplayDriver,
  conditions: ReplayConditions,
): Promise<ReplayResult> {
  await warmUp(kind, conditions);
  const bytesBefore = liveBytes();
  const source = new SlowSource(conditions.latencyMs, conditions.valueBytes);
  const subject = await kind.create(source, conditions.maxEntries);
  const tally = new Tally(subject, source);
  const stop = new Stop(conditions);
  const progress = setInterval(() => conditions.onProgress(tally.progress()), PROGRESS_EVERY_MS);
  try {
    const driven = driver({
      subject,
      source,
      concurrency: conditions.concurrency,
      stopped: () => stop.reason !== null || tally.begun >= conditions.maxRequests,
      request: tally.request,
    });
    // Clients that are still waiting for the source hear of the stop when the source is closed below.
    driven.catch(() => undefined);
    await Promise.race([driven, stop.requested]);
    const figures = tally.figures();
    source.close();
    await driven.catch(ignoreClosed);
    return {
      subject: kind.name,
      store: kind.store,
      lane: kind.lane,
      end: stop.reason ?? 'complete',
      ...figures,
      memoryBytes: liveBytes() - bytesBefore,
    };
  } finally {
    clearInterval(progress);
    stop.off();
    source.close();
    await subject.close();
  }
}

/** Has the code of a subject compiled, so that this is part neither of its times nor of its memory. */
async function warmUp(kind: SubjectKind, { valueBytes }: ReplayConditions): Promise<void> {
  const source = new SlowSource(0, valueBytes);
  const subject = await kind.create(source, WARM_UP_REQUESTS / 4);
  for (let n = 0; n < WARM_UP_REQUESTS; n++) await subject.get(`warm-up:${(n * n) % (WARM_UP_REQUESTS / 2)}`);
  await subject.invalidate('warm-up:0');
  await subject.close();
}

/** Counts and times the requests. */
class Tally {
  readonly #subject: Subject;
  readonly #source: SlowSource;
  readonly #latency = new LatencyRecord();
  readonly #turn = new EventLoopTurn();
  readonly #beganMs = performance.now();
  #requests = 0;
  /** Requests sent, answered or not. */
  begun = 0;

  constructor(subject: Subject, source: SlowSource) {
    this.#subject = subject;
    this.#source = source;
  }

  readonly request = async (key: string): Promise<void> => {
    this.begun++;
    const beganMs = performance.now();
    const answer = await this.#subject.get(key);
    this.#latency.record(performance.now() - beganMs);
    this.#source.check(key, answer);
    this.#requests++;
    const turn = this.#turn.after();
    if (turn !== null) await turn;
  };

  progress(): ReplayProgress {
    const requests = this.#requests;
    const { hits } = this.#subject.counts();
    return { requests, elapsedMs: performance.now() - this.#beganMs, hitRatio: share(hits, requests) };
  }

  figures(): Omit<ReplayResult, 'subject' | 'store' | 'lane' | 'end' | 'memoryBytes'> {
    const seconds = (performance.now() - this.#beganMs) / 1000;
    const requests = this.#requests;
    const { loads } = this.#source;
    const { hits, l2Hits, joins: begun, entries, storeErrors } = this.#subject.counts();
    // Those that were still waiting at the end do not count.
    const joins = Math.min(begun, Math.max(0, requests - hits - loads));
    return {
      requests,
      seconds,
      throughput: requests / seconds,
      hits,
      l2Hits,
      joins,
      loads,
      hitRatio: share(hits, requests),
      loadsSaved: Math.max(0, 1 - (requests === 0 ? 1 : loads / requests)),
      latency: this.#latency.summary(),
      entries,
      storeErrors,
    };
  }
}

/** Whichever comes first: the end of the time, or somebody who wants it to end. */
class Stop {
  reason: Exclude<ReplayEnd, 'complete'> | null = null;
  readonly requested: Promise<void>;
  readonly off: () => void;

  constructor({ boundMs, signal }: ReplayConditions) {
    const { promise, resolve } = withResolver();
    const end = (reason: 'time' | 'interrupted') => {
      this.reason ??= reason;
      resolve();
    };
    const onAbort = () => end('interrupted');
    // A timer takes at most 2^31 − 1 ms; no replay is bounded by more than that and ended by it.
    const timer = Number.isFinite(boundMs) ? setTimeout(end, boundMs, 'time') : undefined;
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    this.requested = promise;
    this.off = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    };
  }
}

function withResolver(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

function ignoreClosed(error: unknown): void {
  // A cache may wrap what its loader threw.
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof SourceClosed) return;
  throw error;
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.min(1, part / whole);
}
