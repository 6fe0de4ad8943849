import type { InvalidateOutcome, Invalidation, RetimeRequest, StampName } from '@larder/cache-core/store';
import { headerMs } from '../entries/entry-header.ts';
import { seenToken } from '../entries/entry-reader.ts';
import { StampList } from '../entries/stamp-list.ts';
import { toStamp } from '../entries/stamp-reader.ts';
import { INVALIDATE, RETIME } from '../scripts/invalidate.ts';
import { runScript } from '../scripts/run-script.ts';
import type { Backend } from './backend.ts';
import { inChunks } from './in-chunks.ts';

/** Invalidates keys, moves stamps, and changes how long entries live. */
export class Invalidator {
  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** One step for up to 500 keys and all stamps; more keys follow in further steps. */
  async invalidate({ keys, stamps, mode }: Invalidation): Promise<InvalidateOutcome> {
    let moved: InvalidateOutcome['stamps'] = [];
    const found = await inChunks(keys, async (chunk, isFirst) => {
      const outcome = await this.#invalidate(chunk, isFirst ? stamps : [], mode);
      if (isFirst) moved = outcome.stamps;
      return outcome.found;
    });
    return { found, stamps: moved };
  }

  async retime(requests: readonly RetimeRequest[]): Promise<boolean[]> {
    const { announcer, layout } = this.#backend;
    const outcomes = await Promise.all(
      requests.map(({ key, seen, ttlMs, graceMs, stamps }) =>
        announcer.mutate({ keys: [key], stamps: [] }, (message) => {
          const list = new StampList(layout);
          list.add(stamps);
          const args = [list.size, message, seenToken(seen), headerMs(ttlMs), headerMs(graceMs)];
          return runScript(this.#backend, RETIME, [...list.keys(), layout.value(key)], args);
        }),
      ),
    );
    return outcomes.map((outcome) => outcome === 1);
  }

  async #invalidate(
    keys: readonly string[],
    stamps: readonly StampName[],
    mode: Invalidation['mode'],
  ): Promise<InvalidateOutcome> {
    const { announcer, layout } = this.#backend;
    const list = new StampList(layout);
    list.add(stamps);
    const pairs = keys.flatMap((key) => [layout.value(key), layout.lease(key)]);
    const all = [...list.keys(), layout.lease(''), ...pairs];
    const movesRoot = stamps.includes('') ? 1 : 0;
    const reply = await announcer.mutate({ keys, stamps }, (message) =>
      runScript(this.#backend, INVALIDATE, all, [list.size, message, mode, movesRoot]),
    );
    const [moved, found] = reply as [Buffer, number[]];
    const stamp = toStamp(String(moved))!;
    if (movesRoot === 1) this.#backend.cleared();
    return { found: found.map((one) => one === 1), stamps: stamps.map(() => stamp) };
  }
}
