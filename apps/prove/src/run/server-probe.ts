import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisServer } from '@larder/store-testkit/services';
import { monotonicMs } from '../monotonic.ts';

const EVERY_MS = 50;
const SLOW_MS = 50;

/** Asks the server under test all the time, to know when it, or this process, had no time. */
export class ServerProbe {
  readonly #server: RedisServer;
  readonly #onSlow: (startMs: number, endMs: number) => void;
  readonly #ended: Promise<void>;
  #stopped = false;

  /** @param onSlow told of each answer that took long, or did not come */
  constructor(server: RedisServer, onSlow: (startMs: number, endMs: number) => void) {
    this.#server = server;
    this.#onSlow = onSlow;
    this.#ended = this.#ask();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#ended;
  }

  async #ask(): Promise<void> {
    while (!this.#stopped) {
      const startMs = monotonicMs();
      await sleep(EVERY_MS);
      await this.#server.command('PING').catch(() => undefined);
      const endMs = monotonicMs();
      if (endMs - startMs > EVERY_MS + SLOW_MS) this.#onSlow(startMs, endMs);
    }
  }
}
