import { EVERYTHING, groupComponent, spaceComponent } from './component.ts';
import type { ProvedKey } from './key-space.ts';

/** A value under proof: what it belongs to, and the version of each thing that it hangs on. */
export interface Versions {
  readonly key: number;
  readonly own: number;
  /** -1 where the value does not hang on it. */
  readonly group: number;
  readonly space: number;
  readonly all: number;
}

/** The components whose versions a value of this key carries: own, group, space, everything; none for a written key. */
export function componentsOf({ kind, index, group, space }: ProvedKey): readonly number[] {
  if (kind === 'written') return [index];
  return [index, groupComponent(group), spaceComponent(space), EVERYTHING];
}

/** @param found versions in the order of {@link componentsOf} */
export function versionsOf(key: ProvedKey, found: readonly number[]): Versions {
  const [own = 0, group = -1, space = -1, all = -1] = found;
  return { key: key.index, own, group, space, all };
}

/** Whether this is a value of that key at all: bytes of another key, or torn ones, are found out here. */
export function isVersionsOf(value: unknown, key: ProvedKey): value is Versions {
  if (typeof value !== 'object' || value === null) return false;
  const { key: index, own, group, space, all } = value as Versions;
  const numbers = [own, group, space, all].every((version) => Number.isInteger(version) && version >= -1);
  const hangsOn =
    key.kind === 'written'
      ? group === -1 && space === -1 && all === -1
      : group >= 0 && space >= 0 && all >= 0;
  return index === key.index && own >= 0 && numbers && hangsOn;
}
