import { type SourceValue, sourceValue } from './source-value.ts';

/** The source has been closed; whoever was still waiting is told so. */
export class SourceClosed extends Error {
  override readonly name = 'SourceClosed';
}

/** A cache has answered what the source did not say, or no longer says. */
export class WrongValue extends Error {
  override readonly name = 'WrongValue';
}

/** What a cache stands in front of: any key has a value, and every answer takes its time. */
export class SlowSource {
  readonly #latencyMs: number;
  readonly #valueBytes: number;
  readonly #versions = new Map<string, number>();
  readonly #waiting = new Set<Waiting>();
  #closed = false;
  /** Times that it answered. */
  loads = 0;

  constructor(latencyMs: number, valueBytes: number) {
    this.#latencyMs = latencyMs;
    this.#valueBytes = valueBytes;
  }

  /** The value as it is now, after the latency. With latency 0 it is there at once. */
  read(key: string): SourceValue | Promise<SourceValue> {
    if (this.#closed) throw new SourceClosed('The source is closed.');
    const value = sourceValue(key, this.#versions.get(key) ?? 0, this.#valueBytes);
    if (this.#latencyMs === 0) {
      this.loads++;
      return value;
    }
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        reject,
        timer: setTimeout(() => {
          this.#waiting.delete(waiting);
          this.loads++;
          resolve(value);
        }, this.#latencyMs),
      };
      this.#waiting.add(waiting);
    });
  }

  /** Changes the value of a key. Whoever has been told must not answer the old one to a later request. */
  change(key: string): void {
    this.#versions.set(key, (this.#versions.get(key) ?? 0) + 1);
  }

  /** @throws WrongValue unless this is the value of the key as it is now */
  check(key: string, answer: unknown): void {
    const value = answer as Partial<SourceValue> | null | undefined;
    const version = this.#versions.get(key) ?? 0;
    if (value?.key === key && value.version === version && value.body?.length === this.#valueBytes) return;
    const came = value == null ? String(value) : `version ${value.version} of '${value.key}'`;
    throw new WrongValue(`wrong value: asked for version ${version} of '${key}', answered was ${came}`);
  }

  /** Rejects all who wait with `SourceClosed`. */
  close(): void {
    this.#closed = true;
    for (const { timer, reject } of this.#waiting) {
      clearTimeout(timer);
      reject(new SourceClosed('The source is closed.'));
    }
    this.#waiting.clear();
  }
}

interface Waiting {
  readonly timer: NodeJS.Timeout;
  readonly reject: (reason: SourceClosed) => void;
}
