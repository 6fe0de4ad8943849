import { waitFor } from '@larder/store-testkit/services';

/** A loader whose source answers when the test says so. */
export class HeldLoader<T = string> {
  runs = 0;
  readonly #ends: { resolve(value: T): void; reject(error: unknown): void }[] = [];

  readonly load = (): Promise<T> => {
    this.runs += 1;
    return new Promise<T>((resolve, reject) => {
      this.#ends.push({ resolve, reject });
    });
  };

  /** Resolves when so many runs have begun. */
  async begun(runs = 1): Promise<void> {
    await waitFor(() => this.runs >= runs, { what: 'the loader to be called', timeoutMs: 10_000 });
  }

  /** Ends all runs under way. */
  answer(value: T): void {
    for (const { resolve } of this.#ends.splice(0)) resolve(value);
  }

  fail(error: unknown): void {
    for (const { reject } of this.#ends.splice(0)) reject(error);
  }
}

/** What a promise rejected with; fails where it resolves. */
export async function failureOf(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  try {
    await promise;
  } catch (error) {
    return error as Error & Record<string, unknown>;
  }
  throw new Error('It resolved.');
}

/** How long it took, in milliseconds, and what came of it. */
export async function timed<T>(
  work: () => Promise<T>,
): Promise<{ readonly tookMs: number; readonly value: T }> {
  const beganMs = performance.now();
  const value = await work();
  return { tookMs: performance.now() - beganMs, value };
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
