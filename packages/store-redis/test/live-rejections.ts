import { afterEach, beforeEach, expect } from 'vitest';

/**
 * Fails every test of the file in which a promise is rejected that nobody looks at, or something is thrown that nobody catches (P13).
 */
export function forbidUnhandledRejections(): void {
  const seen: unknown[] = [];
  const note = (reason: unknown): void => {
    seen.push(reason);
  };
  beforeEach(() => {
    seen.length = 0;
    process.on('unhandledRejection', note);
    process.on('uncaughtExceptionMonitor', note);
  });
  afterEach(async () => {
    // Node reports after the microtasks of a turn.
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', note);
    process.off('uncaughtExceptionMonitor', note);
    expect(seen).toEqual([]);
  });
}
