import type { LoadContext, LoadedOptions, StaleValue } from '../contracts/loader.ts';
import { checkOptions } from '../option-checks.ts';
import { type CallOptions, overlay, tagStamps } from './call-options.ts';
import type { Flight } from './flight.ts';
import type { Found } from './found.ts';
import type { View } from './view.ts';

const LOADED_OPTION_NAMES: readonly (keyof LoadedOptions)[] = [
  'ttl',
  'grace',
  'jitter',
  'tags',
  'version',
  'compress',
  'l1Ttl',
];

/** What a loader has said about one value: options laid over those of the call. */
export class LoadNotes {
  options: CallOptions;
  skipped = false;
  readonly #tagPrefix: string;

  constructor(options: CallOptions, tagPrefix: string) {
    this.options = options;
    this.#tagPrefix = tagPrefix;
  }

  /** @throws INVALID_CONFIGURATION, into the loader: a load with wrong options has failed */
  setOptions(options: LoadedOptions): void {
    const given = checkOptions<LoadedOptions>(options, LOADED_OPTION_NAMES, 'setOptions');
    this.options = overlay(this.options, given, this.#tagPrefix, 'setOptions');
  }

  addTags(tags: readonly string[]): void {
    const added = tagStamps(tags, this.#tagPrefix, 'tags');
    this.options = { ...this.options, tags: [...new Set([...this.options.tags, ...added])] };
  }

  skip(): void {
    this.skipped = true;
  }
}

/** The context of a load of one key. Its members work detached, too. */
export function loadContext<T>(flight: Flight, notes: LoadNotes, stale: Found | null): LoadContext<T> {
  return {
    key: flight.key,
    get signal() {
      return flight.signal;
    },
    stale: stale === null ? null : (toStaleValue(stale) as StaleValue<T>),
    setOptions: (options) => notes.setOptions(options),
    tags: (tags) => notes.addTags(tags),
    skip: () => notes.skip(),
  };
}

function toStaleValue(stale: Found): StaleValue {
  return { value: stale.value, staleMs: -stale.freshMs };
}

/** Where a view stores what was loaded under these notes; false = nowhere. */
export function isStorable(notes: LoadNotes, value: unknown): boolean {
  return value !== undefined && !notes.skipped && notes.options.ttlMs > 0;
}

export function notesFor(view: View, options: CallOptions): LoadNotes {
  return new LoadNotes(options, view.context.tagPrefix);
}
