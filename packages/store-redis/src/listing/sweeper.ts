import type { Logger } from '@larder/cache-core';
import type { CommandSender, ScriptRunner } from '../connection/script-runner.ts';
import type { KeyLayout } from '../key-layout.ts';
import { runScript } from '../scripts/run-script.ts';
import { SWEEP } from '../scripts/sweep.ts';
import { walkKeys } from './key-walk.ts';

/**
 * Gives back the space of what a clear has killed. Clearing itself is one step whatever it covers; this walks after it in the
 * background, removes only what is dead at the moment it looks, and may be broken off at any time.
 */
export class Sweeper {
  readonly #sender: CommandSender;
  readonly #runner: ScriptRunner;
  readonly #layout: KeyLayout;
  readonly #logger: Logger;
  #running: Promise<void> | null = null;
  #again = false;
  #stopped = false;

  constructor(parts: {
    readonly sender: CommandSender;
    readonly runner: ScriptRunner;
    readonly layout: KeyLayout;
    readonly logger: Logger;
  }) {
    this.#sender = parts.sender;
    this.#runner = parts.runner;
    this.#layout = parts.layout;
    this.#logger = parts.logger;
  }

  /** Walks once more; at once, or when the walk under way is over. */
  start(): void {
    this.#stopped = false;
    if (this.#running !== null) {
      this.#again = true;
      return;
    }
    this.#running = this.#sweep().finally(() => {
      this.#running = null;
      if (!this.#again || this.#stopped) return;
      this.#again = false;
      this.start();
    });
  }

  /** Breaks off, and resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#again = false;
    await this.#running;
  }

  /** Never rejects: what is left lies there dead until the next walk, or until Redis evicts it. */
  async #sweep(): Promise<void> {
    const parts = { layout: this.#layout, runner: this.#runner };
    let removed = 0;
    try {
      for await (const keys of walkKeys(this.#sender, this.#layout.glob(''), this.#layout.value(''))) {
        if (this.#stopped) return;
        // `app:` finds the keys of `app:v1:`, too.
        const own = keys.map(String).filter((key) => this.#layout.address(key) !== null);
        if (own.length === 0) continue;
        removed += (await runScript(parts, SWEEP, own, [])) as number;
      }
      if (removed > 0) this.#logger.debug({ removed }, 'removed cleared entries');
    } catch {
      // The connection is gone, or closing.
    }
  }
}
