import type { BatchLoader, CacheView, Loader } from '@larder/cache-core';
import { ScheduleCounters } from './schedule-counters.ts';
import type { MutationKind, Read, Row, Value } from './schedule-model.ts';
import { COUNTERS, PLACES, ROWS, TAGS, type World } from './schedule-world.ts';

export const COMMANDS = [
  'get',
  'getEntry',
  'look',
  'peek',
  'getMany',
  'set',
  'delete',
  'deleteMany',
  'expire',
  'retime',
  'touch',
  'invalidateTag',
  'clear',
  'increment',
] as const;
export type CommandName = (typeof COMMANDS)[number];

/** One call of a user's: on which of the two caches, and what `pick` makes of it. */
export interface Command {
  readonly name: CommandName;
  readonly cache: number;
  readonly pick: number;
}

/** What a failing source says. */
class SourceDown extends Error {}

export interface Tally {
  reads: number;
  hits: number;
}

/** Makes the calls, tells the model of them, and has every answer judged. */
export class Caller {
  readonly tally: Tally = { reads: 0, hits: 0 };
  readonly #world: World;
  readonly #focus: number;
  readonly #counters: ScheduleCounters;

  /** @param focus how many of the rows are used: few make more of what happens meet */
  constructor(world: World, focus: number) {
    this.#world = world;
    this.#focus = focus;
    this.#counters = new ScheduleCounters(world.model);
  }

  /** Never rejects: what must not happen becomes a breach. */
  async run({ name, cache, pick }: Command): Promise<unknown> {
    const row = ROWS[pick % this.#focus]!;
    const view = this.#world.view(cache, row.path);
    switch (name) {
      case 'get':
        return this.#read(cache, row, pick, true, (loader) => view.get(row.key, loader, options(row)));
      case 'getEntry':
        return this.#entry(cache, row, pick, view);
      case 'look':
        return this.#look(cache, row, view.get(row.key));
      case 'peek':
        return this.#look(cache, row, view.peek(row.key) ?? null);
      case 'getMany':
        return this.#readMany(cache, pick);
      case 'set':
        return this.#set(cache, row, view);
      case 'delete':
        return this.#mutate(cache, 'delete', [row], () => view.delete(row.key));
      case 'deleteMany':
        return this.#mutate(cache, 'delete', ROWS.slice(0, 2), () =>
          this.#world.view(cache, []).deleteMany(['x', 'y']),
        );
      case 'expire':
        return this.#mutate(cache, 'expire', [row], () => view.expire(row.key));
      case 'retime':
        return this.#retime(cache, row, () => view.expire(row.key, '80ms'));
      case 'touch':
        return this.#retime(cache, row, () => view.touch(row.key));
      case 'invalidateTag':
        return this.#invalidateTag(cache, TAGS[pick % TAGS.length]!);
      case 'clear':
        return this.#clear(cache, PLACES[pick % PLACES.length]!);
      case 'increment':
        return this.#increment(cache, COUNTERS[pick % COUNTERS.length]!);
    }
  }

  #begin(process: number, staleAllowed: boolean): Read {
    const { model, clock } = this.#world;
    return { process, startedAt: model.next(), startedMs: clock.now(), staleAllowed };
  }

  /** Reads the source when it is called, the worst moment; then takes its time. Fails now and then. */
  #loader(process: number, row: Row, read: Read, pick: number): Loader<Value | undefined> {
    const { model, loads, steps } = this.#world;
    return async (context) => {
      const value = model.source(row.name);
      const end = loads.begin(process, row.name, read.startedAt, false);
      if (pick % 2 === 0) context.tags(row.lateTags);
      await steps.wait(`${process} load of ${row.name} ends`);
      end();
      if (pick % 2 === 1) context.tags(row.lateTags);
      if (pick % 11 === 0) throw new SourceDown();
      return value;
    };
  }

  async #read(
    cache: number,
    row: Row,
    pick: number,
    staleAllowed: boolean,
    call: (loader: Loader<Value | undefined>) => Promise<Value | null>,
  ): Promise<void> {
    const process = this.#world.process(cache);
    const read = this.#begin(process, staleAllowed);
    let loaded = 0;
    const loader = this.#loader(process, row, read, pick);
    try {
      const answer = await call((context) => {
        loaded += 1;
        return loader(context);
      });
      this.tally.reads += 1;
      if (loaded === 0) this.tally.hits += 1;
      this.#world.model.judge(read, row, answer, true);
    } catch (error) {
      this.#onlyTheSources(error);
    }
  }

  async #entry(cache: number, row: Row, pick: number, view: CacheView): Promise<void> {
    const read = this.#begin(this.#world.process(cache), false);
    const loader = this.#loader(read.process, row, read, pick);
    try {
      const entry = await view.getEntry<Value | undefined>(row.key, loader, options(row));
      const seen = { ...read, staleAllowed: entry?.stale ?? false };
      this.#world.model.judge(seen, row, entry?.value ?? null, true);
    } catch (error) {
      this.#onlyTheSources(error);
    }
  }

  async #look(cache: number, row: Row, work: unknown): Promise<void> {
    const read = this.#begin(this.#world.process(cache), false);
    try {
      this.#world.model.judge(read, row, await work, false);
    } catch (error) {
      this.#onlyTheSources(error);
    }
  }

  async #readMany(cache: number, pick: number): Promise<void> {
    const { model, loads, steps } = this.#world;
    const rows = ROWS.slice(0, 2);
    const read = this.#begin(this.#world.process(cache), true);
    const load: BatchLoader<Value | undefined> = async (keys) => {
      const values = keys.map((key) => model.source(key));
      const ends = keys.map((key) => loads.begin(read.process, key, read.startedAt, true));
      await steps.wait(`${read.process} load of a batch ends`);
      for (const end of ends) end();
      if (pick % 11 === 0) throw new SourceDown();
      return values;
    };
    try {
      // The batch has one set of options: the tag of the one, no time to live.
      const answers = await this.#world.view(cache, []).getMany(
        rows.map(({ key }) => key),
        load,
        { tags: ['t'] },
      );
      for (const [index, row] of rows.entries()) model.judge(read, row, answers[index], true);
    } catch (error) {
      this.#onlyTheSources(error);
    }
  }

  async #set(cache: number, row: Row, view: CacheView): Promise<void> {
    const tags = [...row.tags, ...row.lateTags];
    await this.#mutate(cache, 'set', [row], (id, version) => {
      const value: Value = { row: row.name, version, set: id };
      return view.set(row.key, value, { ...options(row), tags });
    });
  }

  async #invalidateTag(cache: number, tag: string): Promise<void> {
    // What was loaded in a batch carries the tag `t` though its row does not: then it is merely colder.
    const rows = ROWS.filter(({ tags, lateTags }) => tags.includes(tag) || lateTags.includes(tag));
    await this.#mutate(cache, 'delete', rows, () => this.#world.view(cache, []).invalidateTag(tag));
  }

  async #clear(cache: number, path: readonly string[]): Promise<void> {
    const rows = ROWS.filter((row) => path.every((name, index) => row.path[index] === name));
    const reset = this.#counters.reset(path);
    const { endedAt, acked } = await this.#mutate(cache, 'delete', rows, () =>
      this.#world.view(cache, path).clear(),
    );
    if (acked) reset(endedAt);
  }

  async #mutate(
    cache: number,
    kind: MutationKind,
    rows: readonly Row[],
    call: (id: number, version: number) => Promise<unknown>,
  ): Promise<{ endedAt: number; acked: boolean }> {
    const world = this.#world;
    const process = world.process(cache);
    const mutation = world.model.begin(process, kind, rows);
    const names = [...mutation.versions.keys()];
    const poisoned = world.poison(process, names);
    let acked = true;
    try {
      await call(mutation.id, mutation.versions.get(rows[0]!.name)!);
    } catch {
      acked = false;
    }
    poisoned();
    world.model.end(mutation, acked, world.clock.now());
    if (acked) world.acknowledged(mutation);
    return { endedAt: acked ? mutation.endedAt : Infinity, acked };
  }

  async #retime(cache: number, row: Row, call: () => Promise<unknown>): Promise<void> {
    const world = this.#world;
    if (!world.canRetime) return;
    const process = world.process(cache);
    const done = world.model.retime(row);
    const poisoned = world.poison(process, [row.name]);
    await call().catch(() => undefined);
    poisoned();
    done();
  }

  async #increment(cache: number, path: readonly string[]): Promise<void> {
    if (!this.#world.canCount) return;
    const counted = this.#counters.begin(path);
    const sum = await this.#world
      .view(cache, path)
      .increment('counter')
      .catch(() => null);
    if (sum !== null) counted(sum);
  }

  #onlyTheSources(error: unknown): void {
    if (!(error instanceof SourceDown))
      this.#world.model.breaches.push(`a read was rejected with ${String(error)}`);
  }
}

function options(row: Row): { tags: readonly string[]; ttl?: string; grace?: string } {
  return {
    tags: row.tags,
    ...(row.ttl === undefined ? {} : { ttl: row.ttl }),
    ...(row.grace === undefined ? {} : { grace: row.grace }),
  };
}
