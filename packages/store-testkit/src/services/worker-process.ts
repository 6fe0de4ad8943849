import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CacheError, CacheErrorCode } from '@larder/cache-core';
import { checkOptions } from '@larder/cache-core/store';
import { OwnedProcess, type ProcessEnd } from './owned-process.ts';
import type { WorkerAnswer, WorkerHandlers, WorkerRequest } from './worker-message.ts';

/** How a {@link WorkerProcess} is started. */
export interface WorkerOptions {
  /** The arguments of the program. Default: none. */
  readonly args?: readonly string[];
  /** Options for Node itself. Default: `['--unhandled-rejections=strict']`; the ones of this process are not taken over. */
  readonly execArgv?: readonly string[];
  /** Environment variables besides those of this process. Default: none. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What a handler answers, in another process. */
export type WorkerReply<Handler extends (...args: never[]) => unknown> = Promise<
  Awaited<ReturnType<Handler>>
>;

const STOP_WITHIN_MS = 3000;
const MOST_OUTPUT = 64 * 1024;

interface Pending {
  readonly resolve: (value: never) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * A second real process for tests, that runs a module with `answerRequests` in it and does what it is asked. It ends with
 * this one, however that ends.
 */
export class WorkerProcess<Handlers extends WorkerHandlers> {
  readonly #child: ChildProcess;
  readonly #process: OwnedProcess;
  readonly #pending = new Map<number, Pending>();
  #requests = 0;
  #output = '';
  #paused = false;

  private constructor(child: ChildProcess & { readonly pid: number }) {
    this.#child = child;
    this.#process = new OwnedProcess(child);
    for (const stream of [child.stdout, child.stderr] as Socket[]) {
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-MOST_OUTPUT);
      });
    }
    child.on('message', (message: WorkerAnswer) => this.#receive(message));
    // Not `exit`: what it printed last may come after that.
    child.once('close', () => this.#rejectAll());
    this.#keepAlive(false);
  }

  /**
   * Starts one. Resolves when its `answerRequests` has been called.
   *
   * ```ts no-check
   * const worker = await WorkerProcess.start<typeof handlers>(new URL('./reader.js', import.meta.url));
   * const value = await worker.ask('read', 'key');
   * ```
   *
   * @param module path or `file:` URL of what Node can run
   * @throws CacheError `STORE_UNAVAILABLE` with what it printed, where it ends before that
   */
  static async start<Handlers extends WorkerHandlers>(
    module: string | URL,
    options?: WorkerOptions,
  ): Promise<WorkerProcess<Handlers>> {
    const given = checkOptions(options, ['args', 'execArgv', 'env'], 'WorkerProcess options');
    const path = module instanceof URL || module.startsWith('file:') ? fileURLToPath(module) : module;
    const child = fork(path, [...(given.args ?? [])], {
      execArgv: [...(given.execArgv ?? ['--unhandled-rejections=strict'])],
      env: { ...process.env, ...given.env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'advanced',
    });
    if (child.pid === undefined) {
      const [cause] = (await once(child, 'error')) as [Error];
      const message = 'A worker process could not be started.';
      throw new CacheError(message, CacheErrorCode.STORE_UNAVAILABLE, { cause });
    }
    const worker = new WorkerProcess<Handlers>(child as typeof child & { pid: number });
    await worker.#expect(0);
    return worker;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** How it ended, or undefined while it lives. */
  get end(): ProcessEnd | undefined {
    return this.#process.end;
  }

  /** The last 64 KiB of what it printed on stdout and stderr. */
  get output(): string {
    return this.#output;
  }

  /**
   * Has one of its functions called with these arguments, which must be cloneable. Any number of questions may be open.
   *
   * @throws what the function throws, as an Error with its `name`, `message`, `code` and `details`; CacheError
   *   `STORE_UNAVAILABLE` when the process ends first
   */
  ask<Name extends keyof Handlers & string>(
    name: Name,
    ...args: Parameters<Handlers[Name]>
  ): WorkerReply<Handlers[Name]> {
    const id = ++this.#requests;
    const answer = this.#expect(id) as WorkerReply<Handlers[Name]>;
    const request: WorkerRequest = { id, name, args };
    // One that is lost on the way is answered by the end of the process.
    if (this.#child.connected) this.#child.send(request, () => undefined);
    return answer;
  }

  /** SIGSTOP, as a long collection of garbage or a laptop's lid. Resolves when it stands still. */
  async pause(): Promise<void> {
    this.#paused = true;
    await this.#process.pause();
  }

  /** SIGCONT. Resolves when it runs again. */
  async resume(): Promise<void> {
    this.#paused = false;
    await this.#process.resume();
  }

  /** SIGKILL: ends in the middle of what it does. Resolves when it is gone. */
  async kill(): Promise<void> {
    await this.#process.kill();
  }

  /** Lets it close and end, for at most 3 s; kills one that is paused or takes longer. Called again, nothing happens. */
  async stop(): Promise<void> {
    if (this.end === undefined && !this.#paused) {
      if (this.#child.connected) this.#child.disconnect();
      const waiting = new AbortController();
      const late = sleep(STOP_WITHIN_MS, undefined, { signal: waiting.signal }).catch(() => undefined);
      await Promise.race([this.#process.ended, late]);
      waiting.abort();
    }
    await this.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** The answer of that number; 0 is the word that it is ready. */
  #expect(id: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.end !== undefined || !this.#child.connected) {
        reject(this.#gone());
        return;
      }
      this.#pending.set(id, { resolve, reject });
      this.#keepAlive(true);
    });
  }

  #receive(message: WorkerAnswer): void {
    const id = message.kind === 'ready' ? 0 : message.id;
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (this.#pending.size === 0) this.#keepAlive(false);
    if (message.kind === 'failed') {
      const { message: text, ...rest } = message.error;
      pending?.reject(Object.assign(new Error(text), rest));
    } else pending?.resolve((message.kind === 'ready' ? undefined : message.value) as never);
  }

  /** Whether this process waits for the other: only while a question is open. */
  #keepAlive(on: boolean): void {
    const { channel, stdout, stderr } = this.#child;
    for (const handle of [channel, stdout as Socket, stderr as Socket]) {
      if (on) handle?.ref();
      else handle?.unref();
    }
  }

  #rejectAll(): void {
    const lost = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of lost) reject(this.#gone());
  }

  #gone(): CacheError {
    const { code, signal } = this.end ?? { code: null, signal: null };
    const how = signal ?? (code === null ? 'it was stopped' : `exit code ${code}`);
    const printed = this.#output.trim().slice(-2000);
    return new CacheError(
      `The worker process has ended (${how}).${printed === '' ? '' : ` It printed:\n${printed}`}`,
      CacheErrorCode.STORE_UNAVAILABLE,
    );
  }
}
