import type { Clock } from '../contracts/clock.ts';
import type { Duration } from '../contracts/duration.ts';
import { durationMs } from '../duration.ts';
import { checkOptions, ratio, wholeNumber } from '../option-checks.ts';
import { OutcomeWindow } from './outcome-window.ts';

/** `closed`: calls go through. `open`: none does. `half-open`: one does, and its outcome decides. */
export type CircuitState = 'closed' | 'open' | 'half-open';

/** Why a breaker changed its state. */
export type CircuitCause =
  /** A deadline was missed, and nothing has come from the store since. */
  | 'silence'
  /** Too many errors, one after another. */
  | 'errors'
  /** Too large a share of the latest calls failed. */
  | 'failure-rate'
  /** The back-off is over, or the client is connected again: one call is let through. */
  | 'probe'
  | 'probe-succeeded'
  | 'probe-failed'
  | 'reset';

export interface CircuitBreakerOptions {
  /** So many errors one after another open it. Default 5. */
  readonly consecutiveErrors?: number;
  /** It opens when more than this share of the calls in `window` failed. 0 to 1; 1 = never for this reason. Default 0.5. */
  readonly failureShare?: number;
  /** So many calls in `window` before their share counts. Default 20. */
  readonly minCalls?: number;
  /** How long a call's outcome counts, to a tenth of it. Default `'10s'`. */
  readonly window?: Duration;
  /** How long it stays open at first; each probe that fails doubles it. Up to a fifth is added at random. Default `'500ms'`. */
  readonly minBackoff?: Duration;
  /** How long it stays open at most, the random part included. Default `'1500ms'`. */
  readonly maxBackoff?: Duration;
  /** A probe that has reported nothing for so long is given up, and another is let through. Default `'1s'`. */
  readonly probeTimeout?: Duration;
}

export interface CircuitBreakerParts {
  readonly clock: Clock;
  /** Called after each change of state; must not throw. */
  readonly onChange?: (state: CircuitState, cause: CircuitCause) => void;
  readonly options?: CircuitBreakerOptions;
}

/** What a health report says of a breaker. */
export interface CircuitSnapshot {
  readonly state: CircuitState;
  /** Why it is in this state; `null` as long as it has never left `closed`. */
  readonly cause: CircuitCause | null;
  /** How long it has been in this state. */
  readonly forMs: number;
  /** How long until it lets a probe through; 0 unless open. */
  readonly retryInMs: number;
  readonly consecutiveErrors: number;
  /** Calls and failures within the window. */
  readonly calls: number;
  readonly failures: number;
  /** How often it has opened. */
  readonly opened: number;
}

const NAMES = [
  'consecutiveErrors',
  'failureShare',
  'minCalls',
  'window',
  'minBackoff',
  'maxBackoff',
  'probeTimeout',
];
const JITTER = 0.2;

/**
 * Stops asking a store that does not answer. Ask {@link allows} before each call and report each outcome with
 * {@link succeeded} or {@link failed}. It has no timer: all is computed from the clock when asked.
 *
 * Outcomes of calls that began before it opened are ignored while it is open. Half open, any outcome decides.
 */
export class CircuitBreaker {
  readonly #clock: Clock;
  readonly #onChange: ((state: CircuitState, cause: CircuitCause) => void) | undefined;
  readonly #limits: Limits;
  readonly #outcomes: OutcomeWindow;
  #state: CircuitState = 'closed';
  #cause: CircuitCause | null = null;
  #sinceMs: number;
  /** Open: when a probe may go. Half open: when the probe is given up. */
  #nextProbeMs = 0;
  #consecutiveErrors = 0;
  #failedProbes = 0;
  #opened = 0;

  /** @throws CacheError `INVALID_CONFIGURATION` */
  constructor(parts: CircuitBreakerParts) {
    this.#clock = parts.clock;
    this.#onChange = parts.onChange;
    this.#limits = resolve(parts.options);
    this.#outcomes = new OutcomeWindow(this.#limits.windowMs);
    this.#sinceMs = parts.clock.now();
  }

  /** As of the last call: an open breaker whose back-off is over stays `open` until somebody asks {@link allows}. */
  get state(): CircuitState {
    return this.#state;
  }

  /**
   * Whether a call may be made now. Where the answer is the probe's, the caller is expected to make the call and to
   * report; one that never does holds others up for `probeTimeout` at most.
   */
  allows(): boolean {
    if (this.#state === 'closed') return true;
    const nowMs = this.#clock.now();
    if (nowMs < this.#nextProbeMs) return false;
    this.#nextProbeMs = nowMs + this.#limits.probeTimeoutMs;
    if (this.#state === 'open') this.#become('half-open', 'probe');
    return true;
  }

  /** A call was answered. */
  succeeded(): void {
    this.#consecutiveErrors = 0;
    if (this.#state === 'closed') this.#outcomes.add(this.#clock.coarseNow(), false);
    else if (this.#state === 'half-open') this.#close('probe-succeeded');
  }

  /** A call failed: the store answered with an `error`, or missed a deadline with no reply since (`silence`). */
  failed(kind: 'error' | 'silence'): void {
    if (this.#state === 'open') return;
    if (this.#state === 'half-open') {
      this.#failedProbes++;
      this.#open('probe-failed');
      return;
    }
    const nowMs = this.#clock.coarseNow();
    this.#consecutiveErrors++;
    this.#outcomes.add(nowMs, true);
    if (kind === 'silence') this.#open('silence');
    else if (this.#consecutiveErrors >= this.#limits.consecutiveErrors) this.#open('errors');
    else if (this.#failsTooOften(nowMs)) this.#open('failure-rate');
  }

  /** The client is connected: whatever is left of a back-off or of a lost probe, the next call is a probe. */
  ready(): void {
    this.#nextProbeMs = 0;
  }

  /** Closes it and forgets all outcomes. */
  reset(): void {
    if (this.#state === 'closed') this.#forget();
    else this.#close('reset');
  }

  snapshot(): CircuitSnapshot {
    const nowMs = this.#clock.now();
    const { calls, failures } = this.#outcomes.total(nowMs);
    return {
      state: this.#state,
      cause: this.#cause,
      forMs: Math.max(0, nowMs - this.#sinceMs),
      retryInMs: this.#state === 'open' ? Math.max(0, this.#nextProbeMs - nowMs) : 0,
      consecutiveErrors: this.#consecutiveErrors,
      calls,
      failures,
      opened: this.#opened,
    };
  }

  #failsTooOften(nowMs: number): boolean {
    const { calls, failures } = this.#outcomes.total(nowMs);
    return calls >= this.#limits.minCalls && failures > calls * this.#limits.failureShare;
  }

  #open(cause: CircuitCause): void {
    this.#opened++;
    this.#nextProbeMs = this.#clock.now() + this.#backoffMs();
    this.#become('open', cause);
  }

  #close(cause: CircuitCause): void {
    this.#forget();
    this.#become('closed', cause);
  }

  #forget(): void {
    this.#consecutiveErrors = 0;
    this.#failedProbes = 0;
    this.#outcomes.clear();
  }

  #become(state: CircuitState, cause: CircuitCause): void {
    this.#state = state;
    this.#cause = cause;
    this.#sinceMs = this.#clock.now();
    this.#onChange?.(state, cause);
  }

  #backoffMs(): number {
    const { minBackoffMs, maxBackoffMs } = this.#limits;
    const spread = 1 + JITTER * this.#clock.random();
    // The greatest one is cut before the random part is added, or all processes would probe at once again.
    const baseMs = Math.min(minBackoffMs * 2 ** this.#failedProbes, maxBackoffMs / (1 + JITTER));
    return Math.max(minBackoffMs, baseMs * spread);
  }
}

interface Limits {
  readonly consecutiveErrors: number;
  readonly failureShare: number;
  readonly minCalls: number;
  readonly windowMs: number;
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
  readonly probeTimeoutMs: number;
}

function resolve(options: CircuitBreakerOptions | undefined): Limits {
  const given = checkOptions(options, NAMES, 'breaker options');
  const minBackoffMs = durationMs(given.minBackoff ?? 0.5, 'minBackoff');
  return {
    consecutiveErrors: wholeNumber(given.consecutiveErrors ?? 5, 'consecutiveErrors', {
      min: 1,
      max: Infinity,
    }),
    failureShare: ratio(given.failureShare ?? 0.5, 'failureShare'),
    minCalls: wholeNumber(given.minCalls ?? 20, 'minCalls', { min: 1, max: Infinity }),
    windowMs: durationMs(given.window ?? 10, 'window'),
    minBackoffMs,
    maxBackoffMs: Math.max(minBackoffMs, durationMs(given.maxBackoff ?? 1.5, 'maxBackoff')),
    probeTimeoutMs: durationMs(given.probeTimeout ?? 1, 'probeTimeout'),
  };
}
