import { CacheError, CacheErrorCode } from '@larder/cache-core';
import type { IncrementRequest } from '@larder/cache-core/store';
import { HeaderFlag, headerMs, headerOf } from '../entries/entry-header.ts';
import { StampList } from '../entries/stamp-list.ts';
import { INCREMENT } from '../scripts/increment.ts';
import { runScript } from '../scripts/run-script.ts';
import { TooLate } from './announcer.ts';
import type { Backend } from './backend.ts';

/** So often a counter is read that others replace meanwhile. */
const MAX_LOOKS = 5;

/** What the script answers, besides being too late. */
type Reply = readonly [kind: string, content: Buffer];

/** What the client knows of the entry that stands there. */
interface Known {
  readonly header: Buffer | string;
  readonly tags: readonly string[];
  readonly isReadable: boolean;
}

/** Counts in one step on the server; with a look before it where the counter has tags, or was set with other options. */
export class Counter {
  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  async increment(request: IncrementRequest): Promise<number> {
    const { announcer, codec, entries, layout } = this.#backend;
    const untilMs = announcer.deadlineMs();
    await this.#backend.timeKnown();
    const { key, by, ttlMs, tags } = request;
    const begun = await codec.encode(layout.value(key), by, { ttlMs, graceMs: 0, loadMs: 0, tags }, false);
    // A serializer of the user's own writes numbers as it likes: no script can count on them.
    if (!begun.counter) throw uncountable('its serializer is not one of ours');
    let known: Known = { header: '', tags: [], isReadable: false };
    for (let look = 0; look < MAX_LOOKS; look++) {
      const [kind, content] = await this.#run(request, untilMs, begun.bytes, known);
      if (kind === 'sum') return Number(String(content));
      if (kind === 'refused')
        throw uncountable('what it holds is not a whole number, or the sum would not be exact');
      const entry = await entries.read(layout.value(key), content);
      const header = headerOf(content);
      known =
        entry === null || 'unreadable' in entry
          ? { header, tags: [], isReadable: false }
          : { header, tags: entry.tags, isReadable: true };
    }
    throw uncountable('it is being replaced all the time');
  }

  #run(
    { key, by, ttlMs, stamps, tags }: IncrementRequest,
    untilMs: number,
    envelope: Buffer,
    known: Known,
  ): Promise<Reply> {
    const { announcer, layout } = this.#backend;
    const list = new StampList(layout);
    const places = list.add(stamps);
    const begunUnder = list.add(stamps, tags);
    const knownUnder = list.add(known.tags);
    const flags = HeaderFlag.counter | (tags.length > 0 ? HeaderFlag.tagged : 0);
    const keys = [...list.keys(), layout.value(key), layout.lease(key)];
    const begun = [begunUnder, headerMs(ttlMs), flags, envelope];
    return announcer.inTime(untilMs, (notAfterUs) =>
      announcer.mutate({ keys: [key], stamps: [] }, async (message) => {
        const args = [
          list.size,
          message,
          notAfterUs,
          by,
          places,
          ...begun,
          known.header,
          knownUnder,
          known.isReadable ? 1 : 0,
        ];
        const [kind, content] = (await runScript(this.#backend, INCREMENT, keys, args)) as [Buffer, Buffer];
        if (String(kind) === 'late') return new TooLate(Number(String(content)));
        return [String(kind), content] as const;
      }),
    );
  }
}

function uncountable(why: string): CacheError {
  return new CacheError(
    `This key cannot be counted on: ${why}. Delete it, or use another.`,
    CacheErrorCode.INVALID_VALUE,
    {
      details: { applied: 'no' },
    },
  );
}
