import type { Workload } from './workload.ts';

/** Requests as they once came in: every different key once, and the order in numbers, so that millions fit in memory. */
export interface Trace {
  /** The file's own name, without its folders. */
  readonly name: string;
  readonly keys: readonly string[];
  /** For each request the place of its key in `keys`. */
  readonly order: Uint32Array;
}

/** A trace from its first request to its last. */
export function traceWorkload({ keys, order }: Trace): Workload {
  let position = 0;
  return {
    requests: order.length,
    distinctKeys: keys.length,
    next: () => {
      if (position === order.length) return undefined;
      return keys[order[position++] as number];
    },
  };
}

/** Collects a trace request by request. */
export class TraceBuilder {
  readonly #places = new Map<string, number>();
  #order = new Uint32Array(1024);
  #length = 0;

  get requests(): number {
    return this.#length;
  }

  add(key: string): void {
    const place = this.#places.get(key) ?? this.#places.size;
    if (place === this.#places.size) this.#places.set(key, place);
    if (this.#length === this.#order.length) {
      const grown = new Uint32Array(this.#length * 2);
      grown.set(this.#order);
      this.#order = grown;
    }
    this.#order[this.#length++] = place;
  }

  build(name: string): Trace {
    return { name, keys: [...this.#places.keys()], order: this.#order.slice(0, this.#length) };
  }
}
