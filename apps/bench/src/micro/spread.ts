/** Where a set of measurements lies. */
export interface Spread {
  readonly min: number;
  readonly q1: number;
  readonly median: number;
  readonly q3: number;
  readonly max: number;
}

/** Quartiles by linear interpolation between the nearest ranks. @param values at least one */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => {
    const place = share * (sorted.length - 1);
    const below = sorted[Math.floor(place)] as number;
    const above = sorted[Math.ceil(place)] as number;
    return below + (above - below) * (place % 1);
  };
  return { min: at(0), q1: at(0.25), median: at(0.5), q3: at(0.75), max: at(1) };
}

/** Each value over the limit's of the same round: what slows a whole round down slows both. */
export function ratios(values: readonly number[], limits: readonly number[]): number[] {
  const rounds = Math.min(values.length, limits.length);
  return Array.from({ length: rounds }, (_, round) => (values[round] as number) / (limits[round] as number));
}
