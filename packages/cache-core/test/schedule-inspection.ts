import { CacheManager, type CacheView } from '@larder/cache-core';
import { type Row, THE_STORE, type Value } from './schedule-model.ts';
import { ROWS, type World } from './schedule-world.ts';

/** Looks at everything that can be looked at without waiting: after each step what is kept must be new enough. */
export function inspectNow(world: World): void {
  const { model, clock } = world;
  for (const cache of [0, 1]) {
    for (const row of ROWS) {
      const kept = world.view(cache, row.path).peek<Value>(row.key);
      if (kept === undefined) continue;
      const read = {
        process: world.process(cache),
        startedAt: model.next(),
        startedMs: clock.now(),
        staleAllowed: false,
      };
      model.judge(read, row, kept, false);
    }
  }
  for (const row of ROWS) {
    const kept = inStore(world, row);
    if (kept === undefined) continue;
    const read = { process: THE_STORE, startedAt: model.next(), startedMs: clock.now(), staleAllowed: false };
    model.judge(read, row, kept, false);
  }
}

/** What every process would read from the shared store now. */
function inStore({ memory, clock }: World, { path, key }: Row): Value | undefined {
  if (memory === null) return undefined;
  const entry = memory.entry(path.length === 0 ? `:${key}` : `@${path.join('/')}:${key}`);
  const stamps = ['', ...path.map((_, index) => `n:${path.slice(0, index + 1).join('/')}`)];
  if (entry === undefined || clock.now() >= entry.freshUntilMs || !memory.isValid(entry, stamps))
    return undefined;
  return entry.value as Value;
}

/** Nothing is under way any more: what both caches, and a process that has only just begun, read must be new. */
export async function inspectAtTheEnd(world: World): Promise<void> {
  for (const cache of [0, 1])
    await world.finish(readAll(world, (path) => world.view(cache, path), world.process(cache)));
  if (world.memory === null) return;
  const newcomer = new CacheManager({ store: world.memory.attach(), clock: world.clock });
  const view = (path: readonly string[]): CacheView =>
    path.reduce<CacheView>((outer, name) => outer.namespace(name), newcomer);
  await readAll(world, view, THE_STORE);
}

async function readAll(
  world: World,
  view: (path: readonly string[]) => CacheView,
  process: number,
): Promise<void> {
  const { model, clock } = world;
  for (const row of ROWS) {
    const read = { process, startedAt: model.next(), startedMs: clock.now(), staleAllowed: false };
    model.judge(read, row, await view(row.path).get<Value>(row.key), false);
  }
}
