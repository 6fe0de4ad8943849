import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { theReaper } from './reaper.ts';
import { waitFor } from './wait-for.ts';

/** How a process ended: by itself, with a code, or by a signal. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process that was started here and ends with this one: paused, resumed and killed by its id. */
export class OwnedProcess {
  readonly pid: number;
  /** Resolves when it is gone. */
  readonly ended: Promise<ProcessEnd>;
  readonly #child: ChildProcess;
  #end: ProcessEnd | undefined;

  /** Takes a child that has been spawned: its `pid` is known. */
  constructor(child: ChildProcess & { readonly pid: number }) {
    this.pid = child.pid;
    this.#child = child;
    // A server that was forgotten keeps nobody alive.
    child.unref();
    theReaper().add(this.pid);
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        theReaper().remove(this.pid);
        this.#end = { code, signal };
        resolve(this.#end);
      });
    });
    // Without a listener a signal that cannot be delivered would end this process.
    child.on('error', () => undefined);
  }

  /** How it ended, or undefined while it lives. */
  get end(): ProcessEnd | undefined {
    return this.#end;
  }

  /** SIGSTOP. Resolves when it stands still. */
  async pause(): Promise<void> {
    if (this.#signal('SIGSTOP')) await this.#waitForState(true);
  }

  /** SIGCONT. Resolves when it runs again. */
  async resume(): Promise<void> {
    if (this.#signal('SIGCONT')) await this.#waitForState(false);
  }

  /** SIGKILL, which also ends a paused one. Resolves when it is gone. */
  async kill(): Promise<ProcessEnd> {
    // Waited for, it does.
    if (this.#signal('SIGKILL')) this.#child.ref();
    return this.ended;
  }

  #signal(signal: NodeJS.Signals): boolean {
    if (this.#end !== undefined) return false;
    try {
      return process.kill(this.pid, signal);
    } catch {
      return false;
    }
  }

  async #waitForState(stopped: boolean): Promise<void> {
    const what = `process ${this.pid} to ${stopped ? 'stop' : 'go on'}`;
    const reached = async (): Promise<boolean> => {
      const state = await isStopped(this.pid);
      return state === undefined || state === stopped;
    };
    await waitFor(reached, { what, intervalMs: 1 });
  }
}

/** Undefined where the process is gone, or where the system does not tell (no `/proc`): there a signal counts as obeyed. */
async function isStopped(pid: number): Promise<boolean | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined);
  // The state follows the name, which stands in brackets and may hold anything.
  return stat === undefined ? undefined : stat[stat.lastIndexOf(')') + 2] === 'T';
}
