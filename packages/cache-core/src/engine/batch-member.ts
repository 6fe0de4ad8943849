import type { Seen } from '../contracts/stamp.ts';
import type { Flight } from './flight.ts';
import type { Found } from './found.ts';

/** What is known of a key after memory and store have been looked into. */
export interface Wanted {
  readonly key: string;
  readonly stale: Found | null;
  readonly seen: Seen | undefined;
}

/** A key that this batch loads itself. */
export interface Owned {
  readonly one: Wanted;
  readonly flight: Flight;
}
