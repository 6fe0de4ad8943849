import type { Flight } from './flight.ts';
import type { Found } from './found.ts';
import { LEASE_MS } from './lease-keeper.ts';
import type { LoadRequest } from './load-request.ts';
import { beginning, judge, keepFound, stampsByName } from './shared-read.ts';
import { Budget } from './store-calls.ts';
import { report, type View } from './view.ts';

const MAX_NEWER = 3;

/**
 * Gets the right to fill (step 3 of a read). Leaves it on the flight, or leaves none where the store cannot give one
 * in time: then the value will not be stored. Answers what another process has stored meanwhile, if that is fresh, or
 * null where nobody wants the load any more.
 */
export async function obtainRight(
  view: View,
  request: LoadRequest,
  flight: Flight,
): Promise<Found | null | undefined> {
  const { hub, place } = view;
  const { clock } = hub;
  const address = place.address(request.key);
  const names = [...place.stamps, ...request.options.tags];
  const beganMs = clock.now();
  let { seen } = request;
  let budget = request.budget ?? new Budget(hub.options.storeTimeoutMs);
  for (let newer = 0; newer <= MAX_NEWER; ) {
    const began = beginning(view);
    const lease = { key: address, ...(seen === undefined ? {} : { seen }) };
    try {
      const answer = await hub.shared!.call(
        'lease',
        budget,
        view.context.counters.latency.storeLease,
        (store) => store.lease([lease], { stamps: names, leaseMs: LEASE_MS }),
      );
      const given = answer.answers[0]!;
      if ('lease' in given) {
        flight.right = hub.leases!.keep(given);
        return undefined;
      }
      if ('held' in given) {
        const waitedMs = clock.now() - beganMs;
        if (waitedMs >= request.options.leaseWaitMs || flight.settled) return undefined;
        if (flight.unwanted) {
          // At once: until it is settled, somebody who needs the value might join it.
          flight.settle(null);
          return null;
        }
        await pause(view, Math.min(pollMs(view, waitedMs), request.options.leaseWaitMs - waitedMs));
      } else {
        newer += 1;
        const stamps = stampsByName(view, names, answer.stamps, began);
        const look = await judge(view, given, stamps, request.options, began, budget);
        if (look.found !== null && look.found.freshMs > 0) {
          if (flight.admitted) keepFound(view, request.key, look.found, began, request.options);
          flight.proven = true;
          return look.found;
        }
        seen = look.seen;
      }
    } catch (error) {
      report(view.context, error, 'lease', request.key);
      return undefined;
    }
    // Waiting for another process is not waiting for the store: each poll has a deadline of its own.
    budget = new Budget(hub.options.storeTimeoutMs);
  }
  return undefined;
}

/** Between two looks at a lease that another holds: 5 to 15 ms at first, up to 50 after the first 200 (P12). */
function pollMs(view: View, waitedMs: number): number {
  return 5 + view.hub.clock.random() * (waitedMs < 200 ? 10 : 45);
}

function pause(view: View, ms: number): Promise<void> {
  return new Promise((resolve) => {
    view.hub.clock.schedule(resolve, ms);
  });
}
