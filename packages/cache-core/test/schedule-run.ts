import { Caller, type Command, type Tally } from './schedule-commands.ts';
import { inspectAtTheEnd, inspectNow } from './schedule-inspection.ts';
import { settled } from './schedule-steps.ts';
import { IDLE_MS, type Topology, World } from './schedule-world.ts';

/** What is to be done, and how the schedule decides each time what goes on next. */
export interface Schedule {
  readonly moves: readonly (Command | { readonly passMs: number })[];
  /** Taken modulo the number of things that can go on. */
  readonly picks: readonly number[];
  /** How many of the rows are used. */
  readonly focus: number;
  /** Whether they are in the caches already. */
  readonly warm: boolean;
}

const MAX_AT_ONCE = 6;
const MAX_STEPS = 5000;
/** The shortest of the deadlines: beyond it a call may have been given up. */
const STORE_TIMEOUT_MS = 250;
/** One answer of the store in so many is lost. */
const LOST_EVERY = 61;

/** Plays a schedule to its end, with everything delivered, and answers what was wrong. */
export async function play(
  topology: Topology,
  { moves, picks, focus, warm }: Schedule,
  trace: (line: string) => void = () => undefined,
): Promise<{ breaches: readonly string[]; tally: Tally }> {
  const world = new World(topology);
  const caller = new Caller(world, focus);
  if (warm)
    for (let row = 0; row < focus; row++)
      await world.finish(caller.run({ name: 'set', cache: 0, pick: row }));
  let next = 0;
  let running = 0;
  let passedMs = 0;
  const pass = (ms: number): void => {
    world.clock.advanceSync(ms);
    passedMs += ms;
    if (passedMs >= STORE_TIMEOUT_MS) world.loads.disorder();
  };
  for (let step = 0; ; step++) {
    if (step > MAX_STEPS)
      throw new Error(`The schedule does not end. Pending: ${world.steps.pending.map(({ label }) => label)}`);
    await settled();
    inspectNow(world);
    const mayBegin = next < moves.length && running < MAX_AT_ONCE;
    const choices = world.steps.pending.length + (mayBegin ? 1 : 0);
    if (choices === 0) {
      if (running === 0) break;
      pass(IDLE_MS);
      continue;
    }
    const pick = picks.length === 0 ? 0 : picks[step % picks.length]! + Math.floor(step / picks.length);
    const choice = pick % choices;
    if (choice === world.steps.pending.length) {
      const move = moves[next]!;
      next += 1;
      trace(`${JSON.stringify(move)}`);
      if ('passMs' in move) {
        pass(move.passMs);
      } else {
        running += 1;
        void caller.run(move).finally(() => {
          running -= 1;
        });
      }
    } else {
      const taken = world.steps.take(choice);
      if (taken.fail !== null && pick % LOST_EVERY === LOST_EVERY - 1 && !taken.label.includes('load')) {
        world.loads.disorder();
        trace(`LOST ${taken.label}`);
        taken.fail(new Error('connection lost'));
      } else {
        trace(taken.label);
        taken.go();
      }
    }
  }
  await inspectAtTheEnd(world);
  return { breaches: [...world.model.breaches, ...world.loads.breaches], tally: caller.tally };
}
