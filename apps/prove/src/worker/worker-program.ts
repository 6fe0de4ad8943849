import { CacheManager } from '@larder/cache-core';
import { RedisStore } from '@larder/store-redis';
import { KEY_PREFIX, KEYS } from '../keys/key-space.ts';
import { zipfRanks } from '../keys/zipf.ts';
import { monotonicMs } from '../monotonic.ts';
import { oneOf, seededRandom } from '../random.ts';
import { Recorder } from '../record/recorder.ts';
import type { FromWorker, WorkerSettings } from '../run/process-message.ts';
import { sabotaged } from '../sabotage/sabotaged-store.ts';
import { Pace } from './pace.ts';
import { type Complain, Reader } from './reader.ts';
import { Source } from './source.ts';
import { type Subject, subjectsOf } from './subject.ts';
import { Tally } from './tally.ts';
import { Writer } from './writer.ts';

/** Beyond so many operations under way no more are begun. */
const MOST_UNDER_WAY = 1500;
const FLUSH_EVERY_MS = 100;
/** A timer that is later than this shows that the machine had no time for this process. */
const STARVED_MS = 50;
/** Longer than any operation may take: 5 s for another's lease, 3 s for a load, and the deadlines of the store. */
const SETTLED_WITHIN_MS = 15_000;

/** One of the processes: a cache on the server under test, and what it is asked to do. */
export class WorkerProgram {
  readonly #say: (message: FromWorker) => void;
  readonly #source: Source;
  readonly #cache: CacheManager;
  readonly #recorder: Recorder;
  readonly #reader: Reader;
  readonly #writer: Writer;
  readonly #tally: Tally;
  readonly #subjects: readonly Subject[];
  readonly #random: () => number;
  readonly #pace: Pace;
  readonly #writeShare: number;
  readonly #underWay = new Set<Promise<void>>();
  readonly #drawRank = zipfRanks(KEYS);
  #operations = 0;
  #flushing: NodeJS.Timeout | undefined;

  constructor(settings: WorkerSettings, say: (message: FromWorker) => void) {
    this.#say = say;
    this.#random = seededRandom(settings.seed);
    this.#writeShare = settings.writeShare;
    const store = new RedisStore(settings.url, { prefix: KEY_PREFIX });
    const { sabotage, maxStalenessMs } = settings;
    this.#cache = new CacheManager({
      store: sabotage === null ? store : sabotaged(store, sabotage),
      maxStaleness: `${maxStalenessMs}ms`,
    });
    this.#source = new Source(settings.sourceUrl);
    this.#recorder = new Recorder((rows, untilMs) => this.#sendRows(rows, untilMs));
    this.#subjects = subjectsOf(this.#cache, this.#source, this.#random);
    const complain: Complain = (rule, text) => say({ say: 'trouble', rule, text, atMs: monotonicMs() });
    const parts = { subjects: this.#subjects, recorder: this.#recorder, random: this.#random, complain };
    this.#reader = new Reader(parts);
    this.#writer = new Writer({ ...parts, cache: this.#cache, source: this.#source, reader: this.#reader });
    this.#tally = new Tally(this.#cache);
    this.#pace = new Pace(settings.operationsPerSecond, () => this.#step());
  }

  async start(): Promise<void> {
    await this.#source.connect();
    let dueMs = monotonicMs() + FLUSH_EVERY_MS;
    this.#flushing = setInterval(() => {
      const nowMs = monotonicMs();
      if (nowMs > dueMs + STARVED_MS) this.#say({ say: 'starved', startMs: dueMs, endMs: nowMs });
      dueMs = nowMs + FLUSH_EVERY_MS;
      void this.#tally.look();
      this.#recorder.flush();
    }, FLUSH_EVERY_MS);
    this.#pace.start();
    this.#say({ say: 'started' });
  }

  /** Begins nothing new, waits for what is under way, closes. */
  async stop(): Promise<void> {
    this.#pace.stop();
    const late = setTimeout(() => {
      const text = `${this.#underWay.size} operations had not settled ${SETTLED_WITHIN_MS} ms after the last one began`;
      this.#say({ say: 'trouble', rule: 'never-settled', text, atMs: monotonicMs() });
    }, SETTLED_WITHIN_MS);
    await Promise.all(this.#underWay);
    clearTimeout(late);
    clearInterval(this.#flushing);
    this.#recorder.flush();
    await this.#cache.close();
    this.#source.close();
    this.#say({ say: 'done' });
  }

  #step(): void {
    if (this.#underWay.size >= MOST_UNDER_WAY) return;
    this.#operations += 1;
    const writes = this.#random() < this.#writeShare;
    // Hot keys are read and changed much, which hides a message that was lost; others are changed seldom, which shows it.
    const popular = !writes || this.#random() < 0.5;
    const subject = popular
      ? this.#subjects[this.#drawRank(this.#random)]!
      : oneOf(this.#random, this.#subjects);
    const work = writes ? this.#writer.write(subject) : this.#reader.read(subject);
    this.#underWay.add(work);
    const ended = (): void => void this.#underWay.delete(work);
    work.then(ended, (error: unknown) => {
      ended();
      this.#say({
        say: 'trouble',
        rule: 'bad-rejection',
        text: `the source: ${String(error)}`,
        atMs: monotonicMs(),
      });
    });
  }

  #sendRows(rows: Float64Array, untilMs: number): void {
    const operations = this.#operations;
    this.#operations = 0;
    this.#say({ say: 'rows', rows, untilMs, operations, totals: this.#tally.totals() });
  }
}
