import type { StampName } from '@larder/cache-core/store';
import type { KeyLayout } from '../key-layout.ts';

/** Stamps that one script looks at: each once, with the index it has there. The root has a place of its own. */
export class StampList {
  readonly #layout: KeyLayout;
  readonly #indexes = new Map<StampName, number>();

  constructor(layout: KeyLayout) {
    this.#layout = layout;
  }

  get size(): number {
    return this.#indexes.size;
  }

  /** Adds names and answers their indexes as the scripts read them: '1,3,4'. */
  add(...lists: (readonly StampName[])[]): string {
    const indexes: number[] = [];
    for (const names of lists) for (const name of names) if (name !== '') indexes.push(this.#index(name));
    return indexes.join(',');
  }

  keys(): string[] {
    return [...this.#indexes.keys()].map((name) => this.#layout.stamp(name));
  }

  #index(name: StampName): number {
    let index = this.#indexes.get(name);
    if (index === undefined) {
      index = this.#indexes.size + 1;
      this.#indexes.set(name, index);
    }
    return index;
  }
}
