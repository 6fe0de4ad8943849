import { setTimeout as sleep } from 'node:timers/promises';
import { RedisServer } from '@larder/store-testkit/services';
import { RECOVERED_WITHIN_MS, RECOVERY_SLACK_MS } from '../check/availability.ts';
import type { Fault } from '../faults/fault.ts';
import { planFaults } from '../faults/fault-schedule.ts';
import { KEY_PREFIX } from '../keys/key-space.ts';
import { monotonicMs } from '../monotonic.ts';
import type { ProveOptions } from '../options/prove-options.ts';
import { seededRandom } from '../random.ts';
import { Fleet } from './fleet.ts';
import type { Proof } from './proof.ts';
import { ServerProbe } from './server-probe.ts';

/** The caches are warm before the first fault. */
const WARM_UP_MS = 1500;
/** Long enough to see that everything has recovered, and to hear of it. */
const CALM_MS = RECOVERED_WITHIN_MS + RECOVERY_SLACK_MS + 300;
/** More violations than these tell nothing new. */
const MOST_VIOLATIONS = 20;

interface RunParts {
  readonly options: ProveOptions;
  readonly proof: Proof;
  readonly onFault: (fault: Fault, number: number) => void;
  /** Aborted: ends early, in good order. */
  readonly signal: AbortSignal;
}

/** One run: servers, workers, faults one after the other, until there were enough operations. Leaves nothing behind. */
export class Run {
  readonly #parts: RunParts;
  readonly #beganMs = monotonicMs();
  #faultsBegun = 0;

  constructor(parts: RunParts) {
    this.#parts = parts;
  }

  /** From 0 to 1. */
  get fraction(): number {
    const { options, proof } = this.#parts;
    const elapsedMs = monotonicMs() - this.#beganMs;
    const done = Number.isFinite(options.operations)
      ? proof.operations / options.operations
      : elapsedMs / options.durationMs;
    return Math.min(done, options.faults === 0 ? 1 : (this.#faultsBegun + 1) / (options.faults + 1), 1);
  }

  async run(): Promise<void> {
    const { options, proof, signal } = this.#parts;
    await using server = await RedisServer.start();
    await using source = await RedisServer.start();
    const fleet = await Fleet.start(options, proof, server, source);
    const probe = new ServerProbe(server, (startMs, endMs) => proof.availability.starved(startMs, endMs));
    try {
      await this.#injectFaults(fleet, server);
      while (!this.#isDone && !signal.aborted) await this.#last(100);
      if (!this.#isHopeless) await fleet.finish();
      proof.consistency.finish();
      proof.settle();
    } finally {
      await fleet.kill();
      await probe.stop();
    }
  }

  /** Spread over the time that the operations take, but never so close that one cannot be recovered from. */
  async #injectFaults(fleet: Fleet, server: RedisServer): Promise<void> {
    const { options, proof, signal, onFault } = this.#parts;
    const faults = planFaults(seededRandom(options.seed), {
      count: options.faults,
      workers: options.processes,
      kinds: options.only,
    });
    const totalMs = Math.min(options.durationMs, (options.operations / options.rate) * 1000);
    const everyMs = Math.max(0, totalMs - WARM_UP_MS - CALM_MS) / faults.length;
    const ground = {
      server,
      workers: fleet.workers,
      prefix: KEY_PREFIX,
      last: (ms: number) => this.#last(ms),
    };
    const startMs = monotonicMs() + WARM_UP_MS;
    await this.#last(WARM_UP_MS);
    for (const [index, fault] of faults.entries()) {
      await this.#last(startMs + index * everyMs - monotonicMs());
      if (signal.aborted || this.#isHopeless) return;
      proof.settle();
      this.#faultsBegun = index + 1;
      onFault(fault, index + 1);
      proof.faultBegins(fault);
      await fault.inflict(ground);
      proof.faultEnds(fleet.incarnations);
      await this.#last(CALM_MS);
    }
  }

  get #isDone(): boolean {
    const { options, proof } = this.#parts;
    const elapsedMs = monotonicMs() - this.#beganMs;
    return this.#isHopeless || proof.operations >= options.operations || elapsedMs >= options.durationMs;
  }

  /** There is enough to look into; of a sabotaged run one violation is all that is asked. */
  get #isHopeless(): boolean {
    const { options, proof } = this.#parts;
    return proof.violations.length >= (options.sabotage === null ? MOST_VIOLATIONS : 1);
  }

  async #last(ms: number): Promise<void> {
    if (ms <= 0 || this.#parts.signal.aborted) return;
    await sleep(ms, undefined, { signal: this.#parts.signal }).catch(() => undefined);
  }
}
