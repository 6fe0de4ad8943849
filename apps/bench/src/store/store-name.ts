/** Every store that can be measured, in the order in which they are. */
export const STORE_NAMES = ['memory', 'redis'] as const;
export type StoreName = (typeof STORE_NAMES)[number];

/** Where a subject keeps entries: in this process's memory, in a store that others share, or in both. */
export type Lane = 'L1' | 'L2' | 'L1 + L2';
