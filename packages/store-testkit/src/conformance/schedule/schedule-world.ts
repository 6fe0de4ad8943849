import type { CacheManager, CacheView } from '@larder/cache-core';
import type { CacheStore } from '@larder/cache-core/store';
import type { Trial } from '../trial.ts';
import {
  type Mutation,
  type Read,
  type Row,
  ScheduleModel,
  THE_STORE,
  type Value,
} from './schedule-model.ts';
import { ScheduleSteps } from './schedule-steps.ts';

const ROWS: readonly Row[] = [
  { name: 'x', path: [], key: 'x', tags: ['t'], lateTags: [], ttl: '100ms', grace: '300ms' },
  { name: 'y', path: [], key: 'y', tags: [], lateTags: [] },
  { name: 'n/x', path: ['n'], key: 'x', tags: ['t'], lateTags: ['u'], ttl: '1h' },
  { name: 'n/m/x', path: ['n', 'm'], key: 'x', tags: [], lateTags: ['u'], grace: '1s' },
];
const TAGS = ['t', 'u'] as const;
const PLACES: readonly (readonly string[])[] = [[], ['n'], ['n', 'm']];
const MAX_STALENESS_MS = 1000;
/** So long that no call is given up for the schedule's sake. */
const PATIENT = { storeTimeout: '1m', invalidationTimeout: '1m', leaseWait: '1500ms' } as const;

/** What a failing source says. */
class SourceDown extends Error {}

/** Two processes on one store, whose every step waits for its turn; makes the calls of users, and has the answers judged. */
export class ScheduleWorld {
  readonly steps = new ScheduleSteps();
  readonly model: ScheduleModel;
  reads = 0;
  hits = 0;
  readonly #trial: Trial;
  readonly #caches: CacheManager[] = [];
  /** How many of the rows are used: few make more of what happens meet. */
  readonly #focus: number;

  private constructor(trial: Trial, model: ScheduleModel, focus: number) {
    this.#trial = trial;
    this.model = model;
    this.#focus = focus;
  }

  /** @param run what the values of this schedule are marked with */
  static async open(trial: Trial, run: number, focus: number): Promise<ScheduleWorld> {
    const stores: CacheStore[] = [await trial.open(), await trial.open()];
    // Whatever an earlier schedule has left, in the store and on its way, is invalid from here on.
    await stores[0]!.clear();
    const world = new ScheduleWorld(trial, new ScheduleModel(run, MAX_STALENESS_MS), focus);
    for (const [process, store] of stores.entries())
      world.#caches.push(await trial.cache(PATIENT, world.steps.stepped(store, process)));
    return world;
  }

  /** One call of a user's, made of a number. Never rejects: what must not happen becomes a breach. */
  async call(pick: number): Promise<unknown> {
    const process = pick % 2;
    const row = ROWS[(pick >> 1) % this.#focus]!;
    const view = this.#view(process, row.path);
    switch ((pick >> 4) % 14) {
      case 0:
      case 1:
      case 2:
      case 3:
        return this.#load(process, row, pick >> 8, view);
      case 4:
      case 5:
        return this.#look(process, row, view.get(row.key));
      case 6:
        return this.#look(process, row, Promise.resolve(view.peek(row.key) ?? null));
      case 7:
        return this.#loadMany(process);
      case 8:
        return this.#mutate(process, 'set', [row], (mutation) => this.#set(row, view, mutation));
      case 9:
      case 10:
        return this.#mutate(process, 'delete', [row], () => view.delete(row.key));
      case 11:
        return this.#mutate(process, 'expire', [row], () => view.expire(row.key));
      case 12:
        return this.#invalidateTag(process, TAGS[(pick >> 8) % TAGS.length]!);
      default:
        return this.#clear(process, PLACES[(pick >> 8) % PLACES.length]!);
    }
  }

  /** Nothing is under way any more: who comes new must see everything at once, both processes within D. */
  async inspect(): Promise<void> {
    const newcomer = await this.#trial.cache({ l1: false });
    for (const row of ROWS) await this.#inspectRow(THE_STORE, row, newcomer);
    await newcomer.close();
    for (const [process, cache] of this.#caches.entries()) {
      for (const row of ROWS) {
        let fault: string | null = null;
        const isRight = async (): Promise<boolean> => {
          const read = { ...this.#begin(process, false), startedMs: Infinity };
          fault = this.model.fault(read, row, await this.#finish(viewOf(cache, row.path).get(row.key)));
          return fault === null;
        };
        await this.#trial.until(isRight, 'every process knows', MAX_STALENESS_MS + 500).catch(() => {
          this.model.breaches.push(`in the end: ${fault}`);
        });
      }
    }
  }

  async close(): Promise<void> {
    this.steps.end();
    await this.#trial.done(Promise.all(this.#caches.map((cache) => cache.close())));
  }

  async #inspectRow(process: number, row: Row, cache: CacheView): Promise<void> {
    const read = this.#begin(process, false);
    this.model.judge(read, row, await viewOf(cache, row.path).get(row.key));
  }

  /** Lets everything go on, the oldest first, until this work has ended. */
  async #finish<T>(work: Promise<T>): Promise<T> {
    let isRunning = true;
    const end = (): void => {
      isRunning = false;
    };
    work.then(end, end);
    const isOver = async (): Promise<boolean> => {
      while (this.steps.pending.length > 0) {
        this.steps.take(0).go();
        await this.steps.idle();
        await this.#trial.turn();
      }
      return !isRunning;
    };
    await this.#trial.until(isOver, 'a call ends');
    return work;
  }

  #view(process: number, path: readonly string[]): CacheView {
    return viewOf(this.#caches[process]!, path);
  }

  #begin(process: number, mayBeStale: boolean): Read {
    return this.model.beginRead(process, this.#trial.clock.now(), mayBeStale);
  }

  async #load(process: number, row: Row, pick: number, view: CacheView): Promise<void> {
    const read = this.#begin(process, true);
    let loads = 0;
    try {
      const answer = await view.get<Value>(
        row.key,
        async (context) => {
          loads += 1;
          // The source is read at the beginning, the worst moment; then the load takes its time.
          const value = this.model.source(row.name);
          await this.steps.wait(`${process} load of ${row.name} ends`, false);
          context.tags(row.lateTags);
          if (pick % 11 === 10) throw new SourceDown();
          return value;
        },
        optionsOf(row),
      );
      this.reads += 1;
      if (loads === 0) this.hits += 1;
      this.model.judge(read, row, answer);
    } catch (error) {
      this.#onlyTheSources(error);
    }
  }

  async #loadMany(process: number): Promise<void> {
    const rows = ROWS.slice(0, 2);
    const read = this.#begin(process, true);
    const load = async (keys: readonly string[]): Promise<Value[]> => {
      const values = keys.map((key) => this.model.source(key));
      await this.steps.wait(`${process} load of a batch ends`, false);
      return values;
    };
    try {
      const keys = rows.map(({ key }) => key);
      const answers = await this.#view(process, []).getMany<Value>(keys, load, { tags: ['t'] });
      for (const [at, row] of rows.entries()) this.model.judge(read, row, answers[at]);
    } catch (error) {
      this.#onlyTheSources(error);
    }
  }

  async #look(process: number, row: Row, work: Promise<unknown>): Promise<void> {
    const read = this.#begin(process, false);
    try {
      this.model.judge(read, row, await work);
    } catch (error) {
      this.#onlyTheSources(error);
    }
  }

  #set(row: Row, view: CacheView, { id, versions }: Mutation): Promise<void> {
    const value: Value = { run: this.model.run, row: row.name, version: versions.get(row.name)!, set: id };
    return view.set(row.key, value, { ...optionsOf(row), tags: [...row.tags, ...row.lateTags] });
  }

  #invalidateTag(process: number, tag: string): Promise<void> {
    const rows = ROWS.filter(({ tags, lateTags }) => tags.includes(tag) || lateTags.includes(tag));
    return this.#mutate(process, 'delete', rows, () => this.#view(process, []).invalidateTag(tag));
  }

  #clear(process: number, path: readonly string[]): Promise<void> {
    const rows = ROWS.filter((row) => path.every((name, at) => row.path[at] === name));
    return this.#mutate(process, 'delete', rows, () => this.#view(process, path).clear());
  }

  async #mutate(
    process: number,
    kind: Mutation['kind'],
    rows: readonly Row[],
    call: (mutation: Mutation) => Promise<unknown>,
  ): Promise<void> {
    const mutation = this.model.begin(process, kind, rows);
    let isAcknowledged = true;
    try {
      await call(mutation);
    } catch {
      isAcknowledged = false;
    }
    this.model.end(mutation, isAcknowledged, this.#trial.clock.now());
  }

  #onlyTheSources(error: unknown): void {
    if (!(error instanceof SourceDown)) this.model.breaches.push(`a read was rejected with ${String(error)}`);
  }
}

function viewOf(cache: CacheView, path: readonly string[]): CacheView {
  return path.reduce<CacheView>((view, name) => view.namespace(name), cache);
}

function optionsOf({ tags, ttl, grace }: Row): { tags: readonly string[]; ttl?: string; grace?: string } {
  return { tags, ...(ttl === undefined ? {} : { ttl }), ...(grace === undefined ? {} : { grace }) };
}
