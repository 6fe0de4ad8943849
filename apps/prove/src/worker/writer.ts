import { setTimeout as sleep } from 'node:timers/promises';
import { type CacheManager, isCacheError } from '@larder/cache-core';
import { EVERYTHING, FIRST_FRESH, groupComponent, spaceComponent } from '../keys/component.ts';
import { GROUPS, SPACES, spaceName, tagName } from '../keys/key-space.ts';
import { oneOf, type Random, wholeBetween } from '../random.ts';
import type { Change, Recorder } from '../record/recorder.ts';
import { FATE, type Method } from '../record/row.ts';
import type { Complain, Reader } from './reader.ts';
import type { Source } from './source.ts';
import type { Subject } from './subject.ts';

interface WriterParts {
  readonly cache: CacheManager;
  readonly subjects: readonly Subject[];
  readonly source: Source;
  readonly recorder: Recorder;
  readonly reader: Reader;
  readonly random: Random;
  readonly complain: Complain;
}

/** Share of mutations that another one of the same thing follows within 60 ms: what single ones hide shows there. */
const BURST_SHARE = 0.3;
const BURST_MS = 60;

/** Changes the source, then tells the cache, in every way there is; reads the same key meanwhile and right after. */
export class Writer {
  readonly #parts: WriterParts;

  constructor(parts: WriterParts) {
    this.#parts = parts;
  }

  /** One mutation, or a burst of two. Rejects only where the source fails. */
  async write(subject: Subject): Promise<void> {
    const { random } = this.#parts;
    const mutate = this.#choose(subject);
    if (random() >= BURST_SHARE) return mutate();
    const again = async (): Promise<void> => {
      await sleep(wholeBetween(random, 0, BURST_MS));
      await mutate();
    };
    await Promise.all([mutate(), again()]);
  }

  #choose(subject: Subject): () => Promise<void> {
    const { random } = this.#parts;
    const luck = random();
    if (luck < 0.003) return () => this.#clear(subject);
    if (luck < 0.01) return () => this.#clearSpace(subject, wholeBetween(random, 1, SPACES - 1));
    if (luck < 0.04) return () => this.#invalidateTag(subject, wholeBetween(random, 0, GROUPS - 1));
    if (luck < 0.06) return () => this.#touch(subject);
    if (subject.key.kind === 'written') return () => this.#set(subject);
    if (luck < 0.16) return () => this.#expire(subject);
    if (luck < 0.24) return () => this.#deleteMany(subject);
    return () => this.#delete(subject);
  }

  async #delete(subject: Subject): Promise<void> {
    const { index, name } = subject.key;
    const [version] = await this.#parts.source.change([index]);
    await this.#tell(subject, 'delete', [{ component: index, version: version as number }], () =>
      subject.view.delete(name),
    );
  }

  async #deleteMany(subject: Subject): Promise<void> {
    const { subjects, random, source } = this.#parts;
    const others = Array.from({ length: wholeBetween(random, 1, 12) }, () => oneOf(random, subjects)).filter(
      ({ view, key }) => view === subject.view && key.kind !== 'written',
    );
    const keys = [...new Set([subject, ...others])].map(({ key }) => key);
    const versions = await source.change(keys.map(({ index }) => index));
    const changes = keys.map(({ index }, at) => ({ component: index, version: versions[at] as number }));
    await this.#tell(subject, 'deleteMany', changes, () =>
      subject.view.deleteMany(keys.map(({ name }) => name)),
    );
  }

  /** Of a key with a grace it binds fresh answers alone. */
  async #expire(subject: Subject): Promise<void> {
    const { index, name, kind } = subject.key;
    const [version] = await this.#parts.source.change([index]);
    const component = kind === 'graced' ? FIRST_FRESH + index : index;
    await this.#tell(subject, 'expire', [{ component, version: version as number }], () =>
      subject.view.expire(name),
    );
  }

  /** The value as the source has it after the change; its version says which of two is the newer. */
  async #set(subject: Subject): Promise<void> {
    const { index, name } = subject.key;
    const { source, random } = this.#parts;
    const [own = 0] = await source.change([index]);
    // Whoever commits first need not be the first to tell the cache.
    if (random() < 0.5) await sleep(wholeBetween(random, 0, BURST_MS));
    const value = { key: index, own, group: -1, space: -1, all: -1 };
    await this.#tell(subject, 'set', [{ component: index, version: own }], () =>
      subject.view.set(name, value, { ...subject.options, version: own }),
    );
  }

  async #invalidateTag(subject: Subject, group: number): Promise<void> {
    const component = groupComponent(group);
    const [version] = await this.#parts.source.change([component]);
    await this.#tell(subject, 'invalidateTag', [{ component, version: version as number }], () =>
      this.#parts.cache.invalidateTag(tagName(group)),
    );
  }

  async #clearSpace(subject: Subject, space: number): Promise<void> {
    const component = spaceComponent(space);
    const [version] = await this.#parts.source.change([component]);
    await this.#tell(subject, 'clear of a namespace', [{ component, version: version as number }], () =>
      this.#parts.cache.namespace(spaceName(space)).clear(),
    );
  }

  async #clear(subject: Subject): Promise<void> {
    const [version] = await this.#parts.source.change([EVERYTHING]);
    await this.#tell(subject, 'clear', [{ component: EVERYTHING, version: version as number }], () =>
      this.#parts.cache.clear(),
    );
  }

  /** Changes no value: it only must not bring one back. */
  async #touch(subject: Subject): Promise<void> {
    await this.#tell(subject, 'touch', [{ component: subject.key.index, version: 0 }], () =>
      subject.view.touch(subject.key.name),
    );
  }

  async #tell(
    subject: Subject,
    method: Method,
    changes: readonly Change[],
    call: () => Promise<unknown>,
  ): Promise<void> {
    const { recorder, reader, random } = this.#parts;
    const began = recorder.begin();
    const told = call();
    // A read while it is under way may bring the old value back into memory: after the answer that must be gone.
    const meanwhile = random() < 0.5 ? reader.read(subject) : undefined;
    try {
      await told;
      recorder.mutation(changes, FATE.acknowledged, method, began);
    } catch (error) {
      recorder.mutation(changes, this.#fateOf(error, method), method, began);
    }
    if (random() < 0.5) await reader.read(subject);
    await meanwhile;
  }

  #fateOf(error: unknown, method: Method): number {
    if (!isCacheError(error)) {
      this.#parts.complain('bad-rejection', `${method} rejected with ${String(error).slice(0, 300)}`);
      return FATE.unknown;
    }
    const cause = isCacheError(error.cause) ? error.cause : error;
    const applied = error.details.applied ?? cause.details.applied;
    if (applied === undefined)
      this.#parts.complain(
        'bad-rejection',
        `${method}: ${error.code} ${error.message} does not say whether it was applied`,
      );
    return applied === 'no' ? FATE.refused : FATE.unknown;
  }
}
