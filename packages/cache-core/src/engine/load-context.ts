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

/** How a loaded value is to be stored. */
export interface Noted {
  readonly options: CallOptions;
  readonly skipped: boolean;
}

/** What a loader has said about one value: options laid over those of the call. */
export class LoadNotes implements Noted {
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

/**
 * The context of a load of one key, as small as it can be: most loaders look at none of it. Its members are made when
 * they are asked for, and so work detached, too.
 */
export class KeyLoadContext implements LoadContext, Noted {
  readonly #flight: Flight;
  readonly #view: View;
  readonly #options: CallOptions;
  readonly #stale: Found | null;
  #notes: LoadNotes | null = null;

  constructor(view: View, flight: Flight, options: CallOptions, stale: Found | null) {
    this.#view = view;
    this.#flight = flight;
    this.#options = options;
    this.#stale = stale;
  }

  get key(): string {
    return this.#flight.key;
  }

  get signal(): AbortSignal {
    return this.#flight.signal;
  }

  get stale(): StaleValue | null {
    return this.#stale === null ? null : { value: this.#stale.value, staleMs: -this.#stale.freshMs };
  }

  get setOptions(): LoadContext['setOptions'] {
    const notes = this.#note();
    return (options) => notes.setOptions(options);
  }

  get tags(): LoadContext['tags'] {
    const notes = this.#note();
    return (tags) => notes.addTags(tags);
  }

  get skip(): LoadContext['skip'] {
    const notes = this.#note();
    return () => notes.skip();
  }

  /** @internal */
  get options(): CallOptions {
    return this.#notes === null ? this.#options : this.#notes.options;
  }

  /** @internal */
  get skipped(): boolean {
    return this.#notes?.skipped === true;
  }

  #note(): LoadNotes {
    this.#notes ??= notesFor(this.#view, this.#options);
    return this.#notes;
  }
}

/** Whether a loaded value is stored at all. One that no store can keep is answered all the same. */
export function isStorable(noted: Noted, value: unknown): boolean {
  if (value === undefined || typeof value === 'function' || typeof value === 'symbol') return false;
  return !noted.skipped && noted.options.ttlMs > 0;
}

export function notesFor(view: View, options: CallOptions): LoadNotes {
  return new LoadNotes(options, view.context.tagPrefix);
}
