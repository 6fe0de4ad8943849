import { tagName } from '../keys/key-space.ts';
import { isVersionsOf, type Versions } from '../keys/versions.ts';
import { oneOf, type Random, wholeBetween } from '../random.ts';
import type { Recorder } from '../record/recorder.ts';
import { type Method, SOURCE } from '../record/row.ts';
import type { TroubleRule } from '../run/process-message.ts';
import type { Subject } from './subject.ts';

/** Says what must never be. */
export type Complain = (rule: TroubleRule, text: string) => void;

interface ReaderParts {
  readonly subjects: readonly Subject[];
  readonly recorder: Recorder;
  readonly random: Random;
  readonly complain: Complain;
}

/** Reads in every way there is, and writes down what came. Nothing here rejects: a read that does is a trouble. */
export class Reader {
  readonly #parts: ReaderParts;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
  }

  /** One read of this key, by one of the methods. */
  read(subject: Subject): Promise<void> {
    const luck = this.#parts.random();
    if (luck < 0.62) return this.#get(subject);
    if (luck < 0.92) return this.#getEntry(subject);
    if (luck < 0.95) return this.#getMany(subject);
    if (luck < 0.98) return this.#getOnly(subject);
    this.#peek(subject);
    return Promise.resolve();
  }

  async #get(subject: Subject): Promise<void> {
    const began = this.#parts.recorder.begin();
    try {
      const value = await subject.view.get(subject.key.name, subject.load, subject.options);
      // Of a key with a grace this may be a stale one, and does not say so.
      const source = subject.key.kind === 'graced' ? SOURCE.unknown + SOURCE.stale : SOURCE.unknown;
      if (this.#isRight(value, subject, 'get')) this.#parts.recorder.read(value, source, 'get', began);
    } catch (error) {
      this.#rejected(error, subject, 'get');
    }
  }

  async #getEntry(subject: Subject): Promise<void> {
    const began = this.#parts.recorder.begin();
    try {
      const entry = await subject.view.getEntry(subject.key.name, subject.load, subject.options);
      const { value, source, stale } = entry ?? { value: null, source: 'l1', stale: false };
      if (this.#isRight(value, subject, 'getEntry')) {
        this.#parts.recorder.read(value, SOURCE[source] + (stale ? SOURCE.stale : 0), 'getEntry', began);
      }
    } catch (error) {
      this.#rejected(error, subject, 'getEntry');
    }
  }

  /** Several keys of one view, in one call. */
  async #getMany(subject: Subject): Promise<void> {
    const { subjects, recorder, random } = this.#parts;
    const { view, key, options } = subject;
    const alike = (other: Subject): boolean => other.view === view && other.key.kind === key.kind;
    const chosen = [
      subject,
      ...Array.from({ length: wholeBetween(random, 1, 30) }, () => oneOf(random, subjects)).filter(alike),
    ];
    const byName = new Map(chosen.map((one) => [one.key.name, one]));
    const began = recorder.begin();
    try {
      const values = await view.getMany(
        chosen.map((one) => one.key.name),
        (names, context) =>
          Promise.all(
            names.map(async (name) => {
              const one = byName.get(name) as Subject;
              if (key.kind !== 'written') context.tags([tagName(one.key.group)], name);
              return one.load({
                key: name,
                signal: context.signal,
                stale: null,
                setOptions: (late) => context.setOptions(late, name),
                tags: (tags) => context.tags(tags, name),
                skip: () => context.skip(name),
              });
            }),
          ),
        // Their tags differ: the loader names them.
        { ...options, tags: [] },
      );
      values.forEach((value, index) => {
        const one = chosen[index] as Subject;
        const source = one.key.kind === 'graced' ? SOURCE.unknown + SOURCE.stale : SOURCE.unknown;
        if (this.#isRight(value, one, 'getMany')) recorder.read(value, source, 'getMany', began);
      });
    } catch (error) {
      this.#rejected(error, subject, 'getMany');
    }
  }

  /** Without a loader: nothing is a good answer. */
  async #getOnly(subject: Subject): Promise<void> {
    const began = this.#parts.recorder.begin();
    try {
      const value = await subject.view.get<Versions>(subject.key.name);
      if (value !== null && this.#isRight(value, subject, 'get without a loader'))
        this.#parts.recorder.read(value, SOURCE.unknown, 'get without a loader', began);
    } catch (error) {
      this.#rejected(error, subject, 'get without a loader');
    }
  }

  #peek(subject: Subject): void {
    const began = this.#parts.recorder.begin();
    const value = subject.view.peek<Versions>(subject.key.name);
    if (value !== undefined && this.#isRight(value, subject, 'peek'))
      this.#parts.recorder.read(value, SOURCE.l1, 'peek', began);
  }

  #isRight(value: unknown, { key }: Subject, method: Method): value is Versions {
    if (isVersionsOf(value, key)) return true;
    this.#parts.complain(
      'wrong-value',
      `${method} of ${key.name} answered ${JSON.stringify(value)?.slice(0, 200)}`,
    );
    return false;
  }

  #rejected(error: unknown, { key }: Subject, method: Method): void {
    const { name, message, code } = error as Error & { code?: string };
    this.#parts.complain('read-rejected', `${method} of ${key.name}: ${name} ${code ?? ''} ${message}`);
  }
}
