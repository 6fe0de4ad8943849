import type { SectionName } from './section.ts';
import type { Trial } from './trial.ts';

/** One thing that every store must do. Bound to no test runner: it throws an AssertionError where the store fails. */
export interface ConformanceCase {
  readonly section: SectionName;
  readonly name: string;
  /** Milliseconds of real time after which it has failed. */
  readonly timeoutMs: number;
  readonly run: (trial: Trial) => Promise<void>;
}

/** The cases of one section, by their names. */
export function casesOf(
  section: SectionName,
  cases: Readonly<Record<string, ConformanceCase['run']>>,
  timeoutMs = 20_000,
): readonly ConformanceCase[] {
  return Object.entries(cases).map(([name, run]) => ({ section, name, timeoutMs, run }));
}
