import assert from 'node:assert/strict';
import { casesOf } from '../conformance-case.ts';
import { playSchedule } from '../schedule/play-schedule.ts';
import type { Trial } from '../trial.ts';

const FIRST_SEED = 20_250_101;
const RUNS_IN_MEMORY = 150;
const RUNS_OVER_A_NETWORK = 25;
const SHOWN_STEPS = 40;

/** To play other schedules, or one again: STORE_SCHEDULE_SEED, STORE_SCHEDULE_RUNS. */
function wanted(trial: Trial): { readonly seed: number; readonly runs: number } {
  const { STORE_SCHEDULE_SEED, STORE_SCHEDULE_RUNS } = process.env;
  const runs = trial.manualClock === null ? RUNS_OVER_A_NETWORK : RUNS_IN_MEMORY;
  return { seed: Number(STORE_SCHEDULE_SEED ?? FIRST_SEED), runs: Number(STORE_SCHEDULE_RUNS ?? runs) };
}

export const schedules = casesOf(
  'schedules',
  {
    'in any order of steps, nothing is older than what was acknowledged, and there are hits': async (
      trial,
    ) => {
      const { seed: first, runs } = wanted(trial);
      let reads = 0;
      let hits = 0;
      for (let seed = first; seed < first + runs; seed++) {
        const played = await playSchedule(trial, seed);
        reads += played.reads;
        hits += played.hits;
        if (played.breaches.length === 0) continue;
        assert.fail(
          `${played.breaches.join('\n')}\nAgain: STORE_SCHEDULE_SEED=${seed} STORE_SCHEDULE_RUNS=1\n` +
            `The last steps:\n${played.trace.slice(-SHOWN_STEPS).join('\n')}`,
        );
      }
      // A store that forgets everything looks consistent.
      if (reads >= 50) assert.ok(hits / reads > 0.05, `Of ${reads} reads only ${hits} were hits.`);
    },
  },
  120_000,
);
