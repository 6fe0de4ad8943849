import type { Logger } from '../contracts/logger.ts';
import type { Place } from '../memory/place.ts';
import type { Emitter } from '../observe/emitter.ts';
import type { CacheEvents } from '../observe/events.ts';
import type { Counters } from '../observe/statistics.ts';
import type { Background } from './background.ts';
import type { CallOptions } from './call-options.ts';
import type { Hub } from './hub.ts';

/** A load under way, as far as closing has to do with it. */
interface Abortable {
  readonly promise: Promise<unknown>;
  abort(reason: unknown): void;
}

/** What all views of one manager share. */
export interface CacheContext {
  readonly emitter: Emitter<CacheEvents>;
  readonly counters: Counters;
  readonly background: Background;
  readonly logger: Logger;
  /** What turns a tag of this manager into the name of a stamp. */
  readonly tagPrefix: string;
  /** Loads of this manager under way, for `close`. */
  readonly flights: Set<Abortable>;
}

/** A place in a store as one cache, namespace or tagged cache looks at it. */
export interface View {
  readonly hub: Hub;
  readonly place: Place;
  readonly context: CacheContext;
  readonly options: CallOptions;
  /** Whether it keeps entries in this process's memory. */
  readonly usesL1: boolean;
}

/** Reports what a caller does not hear of otherwise. */
export function report(context: CacheContext, error: unknown, operation: string, key?: string): void {
  const shown = error instanceof Error ? error : new Error(String(error));
  context.emitter.emit(
    'error',
    key === undefined ? { error: shown, operation } : { error: shown, operation, key },
  );
}
