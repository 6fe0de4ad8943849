import { constants } from 'node:os';

type Name = 'SIGINT' | 'SIGTERM';

/** Ctrl-C and its like: the first asks for an end in good order, the second ends at once. */
export class StopSignals {
  readonly #controller = new AbortController();
  readonly #listener = (name: Name): void => {
    const exitCode = 128 + constants.signals[name];
    if (this.exitCode !== null) process.exit(exitCode);
    this.exitCode = exitCode;
    this.#controller.abort();
  };
  /** What a program says that was ended by a signal; null = there was none. */
  exitCode: number | null = null;

  constructor() {
    process.on('SIGINT', this.#listener);
    process.on('SIGTERM', this.#listener);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  off(): void {
    process.off('SIGINT', this.#listener);
    process.off('SIGTERM', this.#listener);
  }
}
