import { setTimeout as sleep } from 'node:timers/promises';
import { FaultProxy, type RedisServer } from '@larder/store-testkit/services';
import type { FaultedWorker } from '../faults/fault.ts';
import { monotonicMs } from '../monotonic.ts';
import type { ProveOptions } from '../options/prove-options.ts';
import type { Proof } from './proof.ts';
import { WorkerProcess } from './worker-process.ts';

/** The D of the promises, as every cache has it by default. */
export const MAX_STALENESS_MS = 1000;
const FINISHED_WITHIN_MS = 25_000;

/** A place for a worker: its proxy stays when the process in it is replaced. */
class Slot implements FaultedWorker {
  readonly slot: number;
  readonly proxy: FaultProxy;
  readonly #start: (slot: number, url: string) => Promise<WorkerProcess>;
  #process: WorkerProcess | null = null;

  constructor(slot: number, proxy: FaultProxy, start: (slot: number, url: string) => Promise<WorkerProcess>) {
    this.slot = slot;
    this.proxy = proxy;
    this.#start = start;
  }

  get process(): WorkerProcess | null {
    return this.#process;
  }

  async begin(): Promise<void> {
    this.#process = await this.#start(this.slot, this.proxy.url);
  }

  stop(): void {
    this.#process?.pause();
  }

  continue(): void {
    this.#process?.resume();
  }

  async replace(afterMs: number): Promise<void> {
    await this.#process?.kill();
    this.#process = null;
    await sleep(afterMs);
    await this.begin();
  }
}

/** The workers, each with a way of its own to the server under test. */
export class Fleet {
  readonly #slots: Slot[] = [];
  readonly #options: ProveOptions;
  readonly #proof: Proof;
  readonly #sourceUrl: string;
  #incarnations = 0;

  private constructor(options: ProveOptions, proof: Proof, sourceUrl: string) {
    this.#options = options;
    this.#proof = proof;
    this.#sourceUrl = sourceUrl;
  }

  static async start(
    options: ProveOptions,
    proof: Proof,
    server: RedisServer,
    source: RedisServer,
  ): Promise<Fleet> {
    const fleet = new Fleet(options, proof, source.url);
    try {
      for (let slot = 0; slot < options.processes; slot++) {
        const proxy = await FaultProxy.start({ target: server.url });
        fleet.#slots.push(new Slot(slot, proxy, (place, url) => fleet.#startWorker(place, url)));
      }
      await Promise.all(fleet.#slots.map((slot) => slot.begin()));
      return fleet;
    } catch (error) {
      await fleet.kill();
      throw error;
    }
  }

  get workers(): readonly FaultedWorker[] {
    return this.#slots;
  }

  /** Numbers of the processes that are at work. */
  get incarnations(): number[] {
    return this.#slots.flatMap(({ process }) => (process === null ? [] : [process.incarnation]));
  }

  /** Lets all finish what is under way; one that does not end is a violation. */
  async finish(): Promise<void> {
    const finishing = this.#slots.map(async ({ slot, process }) => {
      if ((await process?.finish(FINISHED_WITHIN_MS)) === false)
        this.#proof.violate(
          'process',
          `process ${slot} did not end by itself within ${FINISHED_WITHIN_MS} ms`,
        );
    });
    await Promise.all(finishing);
  }

  /** Ends everything, however it stands. */
  async kill(): Promise<void> {
    await Promise.all(this.#slots.map(async ({ process }) => process?.kill()));
    await Promise.all(this.#slots.map(({ proxy }) => proxy.stop()));
  }

  async #startWorker(slot: number, url: string): Promise<WorkerProcess> {
    const incarnation = this.#incarnations++;
    const { rate, processes, writes, seed, sabotage } = this.#options;
    const proof = this.#proof;
    proof.consistency.joined(incarnation, monotonicMs());
    const settings = {
      incarnation,
      url,
      sourceUrl: this.#sourceUrl,
      seed: seed * 1000 + incarnation,
      operationsPerSecond: rate / processes,
      writeShare: writes / 100,
      maxStalenessMs: MAX_STALENESS_MS,
      sabotage,
    };
    return WorkerProcess.start(settings, {
      said: (message) => proof.take(incarnation, message),
      wrote: (text) => proof.violate('process', `process ${slot} wrote: ${text.slice(0, 2000)}`),
      lost: (how) => proof.violate('process', `process ${slot} ended by itself: ${how}`),
      ended: () => proof.consistency.left(incarnation),
    });
  }
}
