/**
 * How a key is used. `plain`: no end. `timed`: a short time to live. `graced`: one with a grace behind it. `late`: its tag is
 * named by the loader. `spaced`: in a namespace. `written`: also replaced by `set` with a version, and without tags.
 */
export type KeyKind = 'plain' | 'timed' | 'graced' | 'late' | 'spaced' | 'written';

export interface ProvedKey {
  readonly index: number;
  readonly name: string;
  readonly kind: KeyKind;
  /** Its tag, by number. */
  readonly group: number;
  /** Its namespace, by number; 0 is the root. */
  readonly space: number;
}

/** What the keys of the store under test begin with. */
export const KEY_PREFIX = 'prove:';

export const KEYS = 1000;
export const GROUPS = 16;
/** The root, and two namespaces. */
export const SPACES = 3;

const KINDS: readonly KeyKind[] = [
  'plain',
  'written',
  'timed',
  'plain',
  'spaced',
  'graced',
  'plain',
  'late',
  'written',
  'plain',
];

/** All keys, the most wanted first; hot and cold ones of each kind. */
export const ALL_KEYS: readonly ProvedKey[] = Array.from({ length: KEYS }, (_, index) => {
  const kind = KINDS[index % KINDS.length] as KeyKind;
  const space = kind === 'spaced' ? 1 + (Math.floor(index / KINDS.length) % (SPACES - 1)) : 0;
  return { index, name: `key:${index}`, kind, group: (index * 7) % GROUPS, space };
});

export function tagName(group: number): string {
  return `group:${group}`;
}

export function spaceName(space: number): string {
  return `space${space}`;
}
