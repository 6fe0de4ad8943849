import type { Loader } from '../contracts/loader.ts';
import type { Seen } from '../contracts/stamp.ts';
import type { CallOptions } from './call-options.ts';
import type { Found } from './found.ts';
import type { Budget } from './store-calls.ts';

/** A load that is wanted: of what, how, and what is known already. */
export interface LoadRequest {
  readonly key: string;
  readonly loader: Loader<unknown>;
  readonly options: CallOptions;
  /** What it is to replace, for the loader's eyes. */
  readonly stale: Found | null;
  readonly seen: Seen | undefined;
  /** The store could not be read a moment ago: it is not asked for a lease either. */
  readonly storeFailed: boolean;
  /** What is left of the time that the caller may spend waiting for the store; null where there is none. */
  readonly budget: Budget | null;
}
