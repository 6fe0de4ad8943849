import type { Trial } from '../trial.ts';
import { ScheduleWorld } from './schedule-world.ts';

const MOVES = 24;
const MAX_AT_ONCE = 6;
const MAX_STEPS = 5_000;
/** One step of the store in so many fails: its answer, or it itself, is lost. */
const LOST_EVERY = 60;

export interface Played {
  readonly breaches: readonly string[];
  /** What happened, in order. */
  readonly trace: readonly string[];
  readonly reads: number;
  readonly hits: number;
}

/** Plays the schedule that follows from the seed to its end, with everything delivered, and answers what was wrong. */
export async function playSchedule(trial: Trial, seed: number): Promise<Played> {
  const random = numbersFrom(seed);
  const world = await ScheduleWorld.open(trial, seed, 1 + random(4));
  const { steps, model } = world;
  const trace: string[] = [];
  let begun = 0;
  let running = 0;
  for (let step = 0; step < MAX_STEPS; step++) {
    await steps.idle();
    await trial.turn();
    const mayBegin = begun < MOVES && running < MAX_AT_ONCE;
    const choices = steps.pending.length + (mayBegin ? 1 : 0);
    if (choices === 0) {
      if (running === 0) break;
      // Whoever runs waits for time to pass: for another's lease.
      const goesOn = (): boolean => steps.pending.length > 0 || running === 0;
      await trial.until(goesOn, 'a call goes on');
      continue;
    }
    const choice = random(choices);
    if (choice === steps.pending.length) {
      begun += 1;
      running += 1;
      const pick = random(2 ** 20);
      trace.push(`call ${pick}`);
      void world.call(pick).finally(() => {
        running -= 1;
      });
      continue;
    }
    const { label, go, fail } = steps.take(choice);
    const isLost = fail !== null && random(LOST_EVERY) === 0;
    trace.push(isLost ? `LOST ${label}` : label);
    if (isLost) fail();
    else go();
  }
  await world.inspect();
  await world.close();
  return { breaches: model.breaches, trace, reads: world.reads, hits: world.hits };
}

/** Whole numbers below a limit; the same seed gives the same ones. Tommy Ettinger's mulberry32. */
function numbersFrom(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}
