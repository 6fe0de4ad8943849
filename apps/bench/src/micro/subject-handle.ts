import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WrongValue } from '../source/slow-source.ts';
import type { RedisPlace } from '../store/redis-service.ts';
import type { MicroSettings } from './micro-settings.ts';
import type { SubjectAnswer, SubjectOrder, TurnTime } from './subject-message.ts';

const PROGRAM = fileURLToPath(new URL(`./subject-process${extname(import.meta.url)}`, import.meta.url));

/** The process of one subject, seen from outside. */
export class SubjectHandle {
  readonly #child: ChildProcess = fork(PROGRAM, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  readonly #ended = new Promise<void>((resolve) => {
    this.#child.once('exit', () => resolve());
    // One that could not be started never exits; an order to one that has just ended is answered by its end.
    this.#child.on('error', () => {
      if (this.#child.pid === undefined) resolve();
    });
  });

  /** @param redis where it may keep entries, if it keeps them there */
  async prepare(
    group: number,
    member: number,
    settings: MicroSettings,
    redis: RedisPlace | null = null,
  ): Promise<void> {
    await this.#ask({ kind: 'prepare', group, member, settings, redis });
  }

  async turn(place: number): Promise<TurnTime> {
    const answer = await this.#ask({ kind: 'turn', place });
    return answer.kind === 'turn' ? answer.time : { cpuNs: Number.NaN, wallNs: Number.NaN };
  }

  /** Bytes over keys and values. */
  async memory(subject: string, settings: MicroSettings): Promise<number> {
    const answer = await this.#ask({ kind: 'memory', subject, settings });
    return answer.kind === 'memory' ? answer.bytes : Number.NaN;
  }

  /** Resolves when the process is gone. */
  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL');
    await this.#ended;
  }

  async #ask(order: SubjectOrder): Promise<SubjectAnswer> {
    const answered = new AbortController();
    const { signal } = answered;
    try {
      const message = once(this.#child, 'message', { signal });
      this.#child.send(order);
      const first = await Promise.race([message, this.#ended.then(() => null)]);
      if (first === null) throw new Error('the process of a micro-benchmark ended before its time');
      const answer = first[0] as SubjectAnswer;
      if (answer.kind !== 'failed') return answer;
      throw answer.message.startsWith('wrong value')
        ? new WrongValue(answer.message)
        : new Error(answer.message);
    } finally {
      answered.abort();
    }
  }
}
