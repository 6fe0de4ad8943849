import type { ReplayDriver } from './replay.ts';

/** Keys that take turns. */
const HOT_KEYS = 100;

/**
 * A stampede, again and again: a hot key changes in the source and is invalidated, then all clients ask for it at once.
 * None of them may see what it was before.
 */
export const waves: ReplayDriver = async ({ subject, source, concurrency, stopped, request }) => {
  for (let wave = 0; !stopped(); wave++) {
    const key = `hot:${wave % HOT_KEYS}`;
    source.change(key);
    await subject.invalidate(key);
    await Promise.all(Array.from({ length: concurrency }, () => request(key)));
  }
};
