import type { BusMessage } from '../contracts/invalidation-bus.ts';
import type { InvalidateOutcome, Invalidation } from '../contracts/shared-store.ts';
import type { StampName } from '../contracts/stamp.ts';
import { isCacheError } from '../errors/cache-error.ts';
import { Budget } from './store-calls.ts';
import type { View } from './view.ts';

/** What is to be invalidated, and who is to know. */
export interface InvalidateRequest {
  /** Addresses. */
  readonly keys: readonly string[];
  readonly stamps: readonly StampName[];
  readonly mode: 'delete' | 'expire';
  /** False: this process alone forgets. */
  readonly announce: boolean;
}

/**
 * Invalidates, here and in the store. Memory is purged before the store is told, so that a crash in between is
 * harmless, and again when it has answered, because a read in between may have fetched the old value (P2). It is
 * purged also where the store fails: whether that has happened is then unknown.
 *
 * @throws STORE_UNAVAILABLE, STORE_FAILED, OPERATION_TIMEOUT, with `details.applied`
 */
export async function invalidate(view: View, request: InvalidateRequest): Promise<InvalidateOutcome> {
  const { hub } = view;
  const { keys, stamps, mode, announce } = request;
  hub.purge(keys, stamps);
  if (!announce) return { found: keys.map(() => true), stamps: [] };
  let outcome: InvalidateOutcome = { found: keys.map(() => true), stamps: [] };
  if (hub.shared !== null) {
    const invalidation: Invalidation = { keys, stamps, mode };
    const budget = new Budget(hub.options.invalidationTimeoutMs);
    const uncertain = (): void => doubt(view, { keys, stamps });
    try {
      outcome = await hub.shared.call(
        'invalidate',
        budget,
        view.context.counters.latency.storeInvalidate,
        (store) => store.invalidate(invalidation),
        uncertain,
      );
    } catch (error) {
      if (mayHaveHappened(error)) uncertain();
      throw error;
    }
    hub.purge(keys, stamps);
  }
  await hub.bus?.announce({ keys, stamps });
  return outcome;
}

/**
 * A mutation that was given up may have been carried out, or be carried out yet: forgets what it touches, and tells the
 * others where the store does not. It can only make them colder.
 */
export function doubt({ hub, context }: View, message: BusMessage): void {
  hub.purge(message.keys, message.stamps);
  if (hub.bus !== null && !hub.bus.announcedByStore)
    context.background.add(hub.bus.announce(message), 'announce');
}

/** Whether a failed mutation may have happened all the same. */
export function mayHaveHappened(error: unknown): boolean {
  return !isCacheError(error) || error.details.applied !== 'no';
}

/** Tells listeners of tags, namespaces and clears. */
export function emitInvalidated(view: View, stamps: readonly StampName[]): void {
  view.context.counters.invalidations += 1;
  if (view.context.emitter.active)
    view.context.emitter.emit('invalidated', {
      ...invalidatedOf(stamps, view.context.tagPrefix),
      source: 'own',
    });
}

/** Stamp names as a listener sees them: tags of this manager, and paths. */
export function invalidatedOf(
  stamps: readonly StampName[],
  tagPrefix: string,
): { tags: string[]; namespaces: string[] } {
  const tags = stamps
    .filter((name) => name.startsWith(tagPrefix))
    .map((name) => name.slice(tagPrefix.length));
  const namespaces = stamps
    .filter((name) => name === '' || name.startsWith('n:'))
    .map((name) => name.slice(2));
  return { tags, namespaces };
}
