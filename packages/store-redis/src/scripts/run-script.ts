import { randomBytes } from 'node:crypto';
import type { Script, ScriptRunner } from '../connection/script-runner.ts';
import type { KeyLayout } from '../key-layout.ts';

type Argument = string | Buffer | number;

/** Whose scripts they are. */
interface Scripted {
  readonly layout: KeyLayout;
  readonly runner: ScriptRunner;
}

/** Runs a script that begins with the prelude: `keys` are KEYS[3] and on, `args` are ARGV[3] and on. */
export function runScript(
  { layout, runner }: Scripted,
  script: Script,
  keys: readonly string[],
  args: readonly Argument[],
): Promise<unknown> {
  return runner.run(script, [layout.seq, layout.clear, ...keys], [layout.channel, freshEpoch(), ...args]);
}

/** The name of a new incarnation, should the script have to begin one: 12 hex digits. */
function freshEpoch(): string {
  // Asking the system for randomness takes tens of microseconds, however little it is.
  if (randomAt === random.length) {
    random = randomBytes(EPOCH_BYTES * EPOCHS_AT_ONCE);
    randomAt = 0;
  }
  randomAt += EPOCH_BYTES;
  return random.toString('hex', randomAt - EPOCH_BYTES, randomAt);
}

const EPOCH_BYTES = 6;
const EPOCHS_AT_ONCE = 512;
let random: Buffer = Buffer.alloc(0);
let randomAt = 0;
