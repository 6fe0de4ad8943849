import type { ServerFaults } from './harness.ts';

/** The faults of a server, with a memory of what has to be undone. */
export class FaultSwitch implements ServerFaults {
  readonly #faults: ServerFaults;
  readonly #undo = new Map<string, () => Promise<void>>();

  constructor(faults: ServerFaults) {
    this.#faults = faults;
  }

  async pause(): Promise<void> {
    this.#undo.set('pause', () => this.resume());
    await this.#faults.pause();
  }

  async resume(): Promise<void> {
    this.#undo.delete('pause');
    await this.#faults.resume();
  }

  async kill(): Promise<void> {
    // What is gone needs no waking up.
    this.#undo.delete('pause');
    this.#undo.set('kill', () => this.restart());
    await this.#faults.kill();
  }

  async restart(): Promise<void> {
    this.#undo.delete('kill');
    await this.#faults.restart();
  }

  async refuse(): Promise<void> {
    this.#undo.set('refuse', () => this.accept());
    await this.#faults.refuse();
  }

  async accept(): Promise<void> {
    this.#undo.delete('refuse');
    await this.#faults.accept();
  }

  async cut(): Promise<void> {
    await this.#faults.cut();
  }

  async delay(delayMs: number): Promise<void> {
    if (delayMs === 0) this.#undo.delete('delay');
    else this.#undo.set('delay', () => this.delay(0));
    await this.#faults.delay(delayMs);
  }

  /** Everything as it was. */
  async heal(): Promise<void> {
    for (const undo of [...this.#undo.values()]) await undo();
  }
}
