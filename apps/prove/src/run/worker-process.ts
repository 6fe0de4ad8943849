import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { monotonicMs } from '../monotonic.ts';
import type { FromWorker, ToWorker, WorkerSettings } from './process-message.ts';

const PROGRAM = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../worker.ts' : '../worker.js', import.meta.url),
);
const STARTED_WITHIN_MS = 10_000;
/** By how much two readings of the same clock may differ for being rounded. */
const CLOCK_SLACK_MS = 0.01;

/** What happens to a worker, told to whoever runs it. */
export interface WorkerListener {
  said(message: FromWorker): void;
  /** It has written to stdout or stderr, which it never does. */
  wrote(text: string): void;
  /** It has ended, though nobody asked it to. */
  lost(how: string): void;
  /** It has ended, and nothing more will be heard of it. */
  ended(): void;
}

/** One worker as a process. Ends with this one. */
export class WorkerProcess {
  readonly incarnation: number;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #expected = false;
  #stopped = false;

  private constructor(settings: WorkerSettings, listener: WorkerListener) {
    this.incarnation = settings.incarnation;
    this.#child = fork(PROGRAM, [], {
      execArgv: ['--unhandled-rejections=strict'],
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child.on('error', (error) => listener.lost(error.message));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => listener.wrote(text));
    }
    this.#ended = once(this.#child, 'close');
    this.#child.on('close', (code, signal) => {
      listener.ended();
      if (!this.#expected) listener.lost(signal === null ? `exit code ${code}` : `${signal}`);
    });
  }

  /**
   * Starts one; resolves when it is at work.
   * @throws Error where it does not start, or where its clock is not that of this process
   */
  static async start(settings: WorkerSettings, listener: WorkerListener): Promise<WorkerProcess> {
    const worker = new WorkerProcess(settings, listener);
    const beganMs = monotonicMs();
    const { nowMs } = await worker.#answer('here');
    if (nowMs < beganMs - CLOCK_SLACK_MS || nowMs > monotonicMs() + CLOCK_SLACK_MS)
      throw new Error(
        `The clocks of two processes differ: ${nowMs} is not between ${beganMs} and ${monotonicMs()}.`,
      );
    worker.#child.on('message', (message: FromWorker) => listener.said(message));
    const started = worker.#answer('started');
    worker.#say({ say: 'start', settings });
    await started;
    return worker;
  }

  /** SIGSTOP. */
  pause(): void {
    this.#stopped = this.#child.kill('SIGSTOP');
  }

  /** SIGCONT. */
  resume(): void {
    this.#stopped = false;
    this.#child.kill('SIGCONT');
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#expected = true;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** Lets it finish what is under way. False where it has not ended by then: it is killed. */
  async finish(withinMs: number): Promise<boolean> {
    this.#expected = true;
    if (this.#stopped) this.resume();
    if (!this.#child.connected) return false;
    this.#say({ say: 'stop' });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), withinMs);
    });
    const inTime = await Promise.race([this.#ended.then(() => true), late]);
    clearTimeout(timer);
    if (!inTime) await this.kill();
    return inTime;
  }

  #say(message: ToWorker): void {
    this.#child.send(message, () => undefined);
  }

  async #answer<S extends FromWorker['say']>(say: S): Promise<Extract<FromWorker, { say: S }>> {
    const signal = AbortSignal.timeout(STARTED_WITHIN_MS);
    for (;;) {
      const [message] = (await once(this.#child, 'message', { signal })) as [FromWorker];
      if (message.say === say) return message as Extract<FromWorker, { say: S }>;
    }
  }
}
