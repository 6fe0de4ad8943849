import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COMMANDS, type Command, type CommandName } from './schedule-commands.ts';
import { play, type Schedule } from './schedule-run.ts';
import { ROWS, TOPOLOGIES, type Topology } from './schedule-world.ts';

/** To play other schedules, or one again: SCHEDULE_SEED, SCHEDULE_PATH (fast-check prints both) and SCHEDULE_RUNS. */
const { SCHEDULE_SEED, SCHEDULE_PATH, SCHEDULE_RUNS } = process.env;
const SEED = Number(SCHEDULE_SEED ?? 20250101);
const RUNS: Record<Topology, number> = {
  shared: 3000,
  'shared with a lossy bus': 1500,
  'shared without bus': 600,
  memory: 500,
  plain: 800,
  'local bus': 500,
};

const WEIGHTS: Partial<Record<CommandName, number>> = {
  get: 8,
  getEntry: 3,
  look: 3,
  peek: 2,
  getMany: 2,
  invalidateTag: 3,
  delete: 3,
};

const command: fc.Arbitrary<Command> = fc.record({
  name: fc.oneof(...COMMANDS.map((name) => ({ weight: WEIGHTS[name] ?? 1, arbitrary: fc.constant(name) }))),
  cache: fc.nat({ max: 1 }),
  pick: fc.nat({ max: 1000 }),
});
const pass = fc.record({ passMs: fc.constantFrom(10, 20, 60, 120, 320) });
const schedule: fc.Arbitrary<Schedule> = fc.record({
  moves: fc.array(fc.oneof({ weight: 9, arbitrary: command }, { weight: 1, arbitrary: pass }), {
    minLength: 2,
    maxLength: 24,
  }),
  picks: fc.array(fc.nat({ max: 1000 }), { minLength: 1, maxLength: 60 }),
  warm: fc.boolean(),
  focus: fc.integer({ min: 1, max: ROWS.length }),
});

describe.each(TOPOLOGIES)('any schedule, %s', (topology) => {
  it('answers nothing older than what was acknowledged, loads once, and does hit', {
    timeout: 120_000,
  }, async () => {
    let reads = 0;
    let hits = 0;
    const property = fc.asyncProperty(schedule, async (drawn) => {
      const { breaches, tally } = await play(topology, drawn);
      reads += tally.reads;
      hits += tally.hits;
      expect(breaches).toEqual([]);
    });
    await fc.assert(property, {
      seed: SEED,
      numRuns: Number(SCHEDULE_RUNS ?? RUNS[topology]),
      ...(SCHEDULE_PATH === undefined ? {} : { path: SCHEDULE_PATH }),
    });
    // A cache that rejects everything looks consistent.
    if (reads > 1000) expect(hits / reads).toBeGreaterThan(0.1);
  });
});
