/**
 * The name of a stamp, made by the engine: `''` is everything, `n:<path>` a namespace, `t:<tag>` a tag. A store keeps
 * a version under each name and never looks inside it.
 */
export type StampName = string;

declare const stamp: unique symbol;
declare const asOf: unique symbol;
declare const seen: unique symbol;

/**
 * The version that a stamp name has in a store. Opaque: only its store makes and compares stamps. It may be a
 * number, a pair, or a set of versions under which a tag was seen.
 */
export type Stamp = { readonly [stamp]: true };

/**
 * The moment, in the reckoning of its store, at which the work that brought an entry began. Opaque, as {@link Stamp}:
 * an ordered store keeps one point on its clock, an unordered one the stamps that it saw.
 */
export type AsOf = { readonly [asOf]: true };

/** What a reader saw under a key (an entry, or bytes that nobody can read), so that exactly this can be replaced. Opaque. */
export type Seen = { readonly [seen]: true };
