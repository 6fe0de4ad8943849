import type { Logger } from '../contracts/logger.ts';
import { isCacheError } from '../errors/cache-error.ts';
import { shownKey } from '../key.ts';
import type { Emitter } from './emitter.ts';
import { CACHE_EVENTS, type CacheEvents } from './events.ts';

/** Writes every event to a log: what callers do at `debug`, with keys cut short; what goes wrong above it. */
export function logEvents(emitter: Emitter<CacheEvents>, logger: Logger): void {
  for (const name of CACHE_EVENTS) {
    if (name === 'error') emitter.on('error', (event) => logError(event, logger));
    else if (name === 'breaker')
      emitter.on('breaker', (event) => {
        const level = event.state === 'open' ? 'warn' : 'info';
        logger[level]({ ...event }, `store breaker ${event.state}`);
      });
    else if (name === 'flush') emitter.on('flush', (event) => logger.warn({ ...event }, 'memory flushed'));
    else emitter.on(name, (event) => logger.debug(shown(event), `cache ${name}`));
  }
}

function logError({ error, operation, key }: CacheEvents['error'], logger: Logger): void {
  // A message that is not ours may quote a value.
  const message = isCacheError(error) ? error.message : error.name;
  const code = codeOf(error) ?? codeOf(error.cause);
  const fields = {
    operation,
    ...(key === undefined ? {} : { key: shownKey(key) }),
    error: message,
    ...(code === undefined ? {} : { code }),
  };
  // The breaker has been told of once; every call that it skips is no news.
  if (isCacheError(error) && error.details.breaker !== undefined) logger.debug(fields, 'store skipped');
  else logger.warn(fields, 'cache error');
}

/** The code of an error, its own or the system's: ECONNREFUSED says more than a name. */
function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

function shown(event: object): Record<string, unknown> {
  const { key, ...rest } = event as { readonly key?: string };
  return key === undefined ? rest : { key: shownKey(key), ...rest };
}
