import { randomBytes } from 'node:crypto';
import type { Clock } from '@larder/cache-core';
import type { Codec } from '@larder/cache-core/store';
import type { Script, ScriptRunner } from '../connection/script-runner.ts';
import type { ServerClock } from '../connection/server-clock.ts';
import type { EntryReader } from '../entries/entry-reader.ts';
import type { KeyLayout } from '../key-layout.ts';
import type { Announcer } from './announcer.ts';

/** What the operations of one store share. */
export interface Backend {
  readonly clock: Clock;
  readonly codec: Codec;
  readonly layout: KeyLayout;
  readonly runner: ScriptRunner;
  readonly serverClock: ServerClock;
  readonly entries: EntryReader;
  readonly announcer: Announcer;
  /** Identifies this instance among all that use the store: 16 hex digits. */
  readonly origin: string;
  /** Resolves when the server's time is known. */
  timeKnown(): Promise<void>;
  /** Called when everything has been cleared. */
  cleared(): void;
}

type Argument = string | Buffer | number;

/** Runs a script that begins with the prelude. */
export function runScript(
  { layout, runner }: Backend,
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
