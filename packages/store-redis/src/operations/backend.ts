import type { Clock } from '@larder/cache-core';
import type { Codec } from '@larder/cache-core/store';
import type { ScriptRunner } from '../connection/script-runner.ts';
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
