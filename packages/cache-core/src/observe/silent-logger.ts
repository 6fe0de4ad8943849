import type { Logger } from '../contracts/logger.ts';

function nothing(): void {}

/** Writes nothing: the logger of a cache that was given none. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
