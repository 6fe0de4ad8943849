/**
 * A length of time: a number of seconds (fractions allowed), or a string that says its unit: `'250ms'`, `'90s'`,
 * `'5m'`, `'2h'`, `'1d'`, `'1w'`, `'1.5h'`. `Infinity` has no end.
 */
export type Duration = number | string;
