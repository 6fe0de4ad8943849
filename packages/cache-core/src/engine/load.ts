import { callLoader, loadBegins, loadEnded, loadFailed, startLoader } from './call-loader.ts';
import { Flight, joinable } from './flight.ts';
import { keep, keepInMemory } from './keep-loaded.ts';
import { obtainRight } from './lease-wait.ts';
import { KeyLoadContext } from './load-context.ts';
import type { LoadRequest } from './load-request.ts';
import { refuseRecursion } from './recursion.ts';
import { ttlOf } from './stored-life.ts';
import type { View } from './view.ts';

/**
 * The load that answers this request: one that is under way already, or one that begins now.
 * @throws INVALID_CONFIGURATION where a loader asks for the key that it is loading
 */
export function joinOrLoad(view: View, request: LoadRequest): Flight {
  const { hub, context } = view;
  const running = joinable(view, request.key, request.options.stallTimeoutMs);
  if (running !== null) {
    refuseRecursion(view.place, request.key);
    context.counters.joins += 1;
    return running;
  }
  const crowded = hub.inFlight >= hub.options.maxInFlight;
  const stalled = view.place.watched(request.key)?.load;
  const flight = new Flight(view, request.key);
  // Beyond the cap nothing is coalesced and nothing stored: memory stays bounded (P18).
  if (!crowded) {
    if (
      stalled instanceof Flight &&
      stalled.right !== null &&
      !stalled.right.spent &&
      stalled.asOf >= view.place.movedAt
    ) {
      flight.right = stalled.right;
      flight.right.users += 1;
    }
    flight.link();
  }
  if (isSimple(view, request)) loadIntoMemory(view, request, flight);
  else void load(view, request, flight);
  return flight;
}

/** Nothing to wait for but the loader. */
function isSimple({ hub }: View, { options }: LoadRequest): boolean {
  return (
    hub.shared === null &&
    options.retry === null &&
    options.schema === null &&
    options.hardTimeoutMs === Infinity
  );
}

/**
 * The most common load, written as call-backs: a load that is under way costs a quarter of the memory that it would
 * take as asynchronous functions. The same steps as {@link load}, of which it is the part without waiting.
 */
function loadIntoMemory(view: View, request: LoadRequest, flight: Flight): void {
  const startedMs = loadBegins(view, flight);
  const loading = new KeyLoadContext(view, flight, request.options, request.stale);
  startLoader(request, flight, loading).then(
    (value) => {
      try {
        loadEnded(view, request, startedMs);
        const loadMs = view.hub.clock.now() - startedMs;
        const ttlMs = ttlOf(loading.options, view.hub.clock);
        flight.settle(keepInMemory(view, flight, { value, loadMs, startedMs, noted: loading }, ttlMs));
      } catch (error) {
        // A clock or a sizeOf of the user's that throws must not leave the callers waiting.
        flight.fail(error);
      }
    },
    (error: unknown) => {
      loadFailed(view, request, flight, startedMs, error);
      flight.fail(error);
    },
  );
}

/** One load from beginning to end: lease, loader, fill. Settles the flight and never rejects. */
async function load(view: View, request: LoadRequest, flight: Flight): Promise<void> {
  const { hub } = view;
  let inLine = false;
  try {
    if (flight.linked && hub.shared !== null && !request.storeFailed && flight.right === null) {
      const newer = await obtainRight(view, request, flight);
      if (newer !== undefined) {
        flight.settle(newer);
        return;
      }
    }
    // While the store is down loads stand in line, so that the source is not crushed (P10).
    if (hub.shared !== null && hub.breaker.state !== 'closed') {
      await hub.loadLimit.enter(request.options.leaseWaitMs);
      inLine = true;
    }
    if (flight.settled) return;
    const loading = new KeyLoadContext(view, flight, request.options, request.stale);
    const startedMs = hub.clock.now();
    // A flight settles before its loader ends only when it is given up: then there is nothing to wait for.
    const value = await Promise.race([callLoader(view, request, flight, loading), flight.promise]);
    const loadMs = hub.clock.now() - startedMs;
    const loaded = { value, loadMs, startedMs, noted: loading };
    flight.settle(await keep(view, flight, loaded, request.budget?.leftMs ?? hub.options.storeTimeoutMs));
  } catch (error) {
    flight.fail(error);
  } finally {
    if (inLine) hub.loadLimit.leave();
    if (flight.right !== null)
      view.context.background.add(hub.leases!.leave(flight.right), 'release a lease');
  }
}
