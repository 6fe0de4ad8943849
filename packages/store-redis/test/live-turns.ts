/**
 * How long the turns of the event loop take, in CPU time of this process: what holds up others, whatever else the machine is busy with.
 */
export class TurnMeter {
  longestMs = 0;
  #stopped = false;
  #last = process.cpuUsage();

  constructor() {
    this.#next();
  }

  stop(): void {
    this.#stopped = true;
  }

  #next(): void {
    setImmediate(() => {
      const { user, system } = process.cpuUsage(this.#last);
      this.#last = process.cpuUsage();
      this.longestMs = Math.max(this.longestMs, (user + system) / 1000);
      if (!this.#stopped) this.#next();
    });
  }
}
