import type { ManualClock } from '@larder/cache-core';
import type { CacheStore, StampName } from '@larder/cache-core/store';

/**
 * How the kit gets at a store. There is nothing here that could excuse a store: which sections apply follows from
 * `store.capabilities` alone, and what those sections need (`faults`, `damage` …) must be there or they fail.
 */
export interface StoreHarness {
  /** Shown in front of the names of the cases. */
  readonly name: string;
  /**
   * An empty place to keep entries in, for one case alone: a new prefix, folder, table or memory. Cases run one after
   * another, so that they may stop and start one server between them.
   */
  prepare(): Backend | Promise<Backend>;
}

/** Where the entries of one case live, and the ways to it. */
export interface Backend {
  /**
   * Another store instance on this place, as another process would have it. A store that lives in its own memory
   * (neither `shared`, `remote` nor `persistent`) answers one with a memory of its own.
   */
  open(options?: OpenOptions): CacheStore | Promise<CacheStore>;
  /**
   * The clock of the stores opened here, where it stands still until it is told to move. For stores that do all their
   * work in memory; with one that does I/O, leave it out, and the kit waits for conditions with short times to live.
   */
  readonly clock?: ManualClock;
  /** Puts something under a key that is no entry of it. Needed where `persistent` or `remote`. */
  damage?(key: string, kind: DamageKind, otherKey: string): Promise<void>;
  /** Removes a stamp, `''` included, as an eviction would. Needed where `shared`. */
  forgetStamp?(name: StampName): Promise<void>;
  /** Something that another program keeps in the same place. Needed where `persistent` or `remote`. */
  readonly foreign?: ForeignData;
  /** What the stores were given and must never show: passwords, tokens. Needed where `remote`. */
  readonly secrets?: readonly string[];
  /** What happens to the server. Needed where `remote`. */
  readonly faults?: ServerFaults;
  /** The case is over and its stores are closed: throw the place away. */
  close?(): Promise<void>;
}

export interface OpenOptions {
  /**
   * A store next door instead: in the same server or parent folder, under a name that begins with the name of the first
   * (`kit7*` and `kit7*2`). Where the first name holds a `*`, a pattern that was not escaped is found out, too.
   */
  readonly sibling?: boolean;
}

/**
 * What can stand under a key instead of its entry.
 * `garbage`: random bytes. `flipped`: the entry with one bit changed, late in it. `truncated`: its first half. `empty`:
 * nothing at all. `foreign`: text of another program, `{"hello":"world"}`. `mistyped`: a thing of another kind (a list in
 * Redis, a folder instead of a file, NULL in a row). `swapped`: the entry of `otherKey`.
 */
export type DamageKind = 'garbage' | 'flipped' | 'truncated' | 'empty' | 'foreign' | 'mistyped' | 'swapped';

export interface ForeignData {
  plant(): Promise<void>;
  /** Whether all of it is still as it was planted. */
  isIntact(): Promise<boolean>;
}

/** Each resolves when it is so. The kit undoes what a case has left behind: `resume`, `accept`, `delay(0)`, `restart`. */
export interface ServerFaults {
  /** It stops answering; connections stay open, and new ones are accepted by nobody but the kernel (SIGSTOP). */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** It is gone at once, with its data (SIGKILL): connections break, new ones are refused. */
  kill(): Promise<void>;
  /** After `kill`: it is there again under the same address, empty. */
  restart(): Promise<void>;
  /** Connections are cut and new ones refused; the server itself and its data stay. */
  refuse(): Promise<void>;
  accept(): Promise<void>;
  /** Every connection is cut once, without a word (RST). New ones work. */
  cut(): Promise<void>;
  /** Each answer arrives so much later. 0: no longer. */
  delay(delayMs: number): Promise<void>;
}
