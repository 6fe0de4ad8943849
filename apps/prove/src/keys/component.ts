import { ALL_KEYS, GROUPS, KEYS, SPACES, spaceName, tagName } from './key-space.ts';

/**
 * What has a version of its own in the source: each key, each tag, each namespace, and everything. A value is the
 * versions of all that it hangs on, so that it shows by itself how old it is. Components are numbered.
 */
export type Component = number;

const FIRST_GROUP = KEYS;
const FIRST_SPACE = FIRST_GROUP + GROUPS;
export const EVERYTHING = FIRST_SPACE + SPACES;
/** A key's expiry is a floor for fresh answers alone, where the key has a grace. It is counted beside the key. */
export const FIRST_FRESH = EVERYTHING + 1;

export function groupComponent(group: number): Component {
  return FIRST_GROUP + group;
}

export function spaceComponent(space: number): Component {
  return FIRST_SPACE + space;
}

/** As a person reads it: `key:17`, `tag group:3`. */
export function componentName(component: Component): string {
  if (component >= FIRST_FRESH) return `expiry of ${ALL_KEYS[component - FIRST_FRESH]?.name}`;
  if (component === EVERYTHING) return 'everything';
  if (component >= FIRST_SPACE) return `namespace ${spaceName(component - FIRST_SPACE)}`;
  if (component >= FIRST_GROUP) return `tag ${tagName(component - FIRST_GROUP)}`;
  return ALL_KEYS[component]?.name ?? `component ${component}`;
}

/** The name of its version in the source. */
export function sourceName(component: Component): string {
  return `version:${component}`;
}
