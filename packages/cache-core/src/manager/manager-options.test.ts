import { describe, expect, it } from 'vitest';
import { systemClock } from '../clock/system-clock.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { MemoryStore } from '../memory/memory-store.ts';
import { silentLogger } from '../observe/silent-logger.ts';
import { resolveManagerOptions } from './manager-options.ts';

describe('resolveManagerOptions', () => {
  it('fills in what is documented', () => {
    expect(resolveManagerOptions(undefined)).toEqual({
      store: 'memory',
      named: {
        connection: undefined,
        prefix: 'larder:',
        serializer: undefined,
        compression: undefined,
        cluster: undefined,
      },
      rootNamespace: null,
      hub: {
        l1: undefined,
        bus: undefined,
        maxStalenessMs: 1000,
        storeTimeoutMs: 250,
        invalidationTimeoutMs: 1000,
        maxInFlight: 10_000,
        maxConcurrentLoads: 100,
        clock: systemClock,
        logger: silentLogger,
      },
      given: new Set(),
      defaults: {},
    });
  });

  it('turns durations into milliseconds', () => {
    const { hub } = resolveManagerOptions({
      maxStaleness: 2,
      storeTimeout: '50ms',
      invalidationTimeout: 0.5,
    });
    expect([hub.maxStalenessMs, hub.storeTimeoutMs, hub.invalidationTimeoutMs]).toEqual([2000, 50, 500]);
    expect(resolveManagerOptions({ maxStaleness: Infinity }).hub.maxStalenessMs).toBe(Infinity);
  });

  it('keeps apart what belongs to the store, the hub and the calls', () => {
    const { named, given, defaults } = resolveManagerOptions({
      store: 'redis',
      prefix: 'app:',
      connection: 'x',
      ttl: 5,
      tags: ['t'],
    });
    expect([named.prefix, named.connection, defaults]).toEqual(['app:', 'x', { ttl: 5, tags: ['t'] }]);
    expect([...given].sort()).toEqual(['connection', 'prefix', 'store', 'tags', 'ttl']);
  });

  it("a prefix is the store's where it has a name, a namespace beside an instance", () => {
    expect(resolveManagerOptions({ store: 'redis', prefix: 'a' }).rootNamespace).toBeNull();
    expect(resolveManagerOptions({ store: new MemoryStore(), prefix: 'a' }).rootNamespace).toBe('a');
  });

  it('says what was expected, what came and what to do', () => {
    for (const [options, message] of [
      [{ store: 'mysql' }, /one of 'memory', 'redis', 'memcached', 'postgres'; got 'mysql'/],
      [{ serializer: {} }, /serializer cannot be used here: memory keeps the values themselves/],
      [{ sotre: 'redis' }, /no option 'sotre'. Did you mean 'store'\?/],
      [{ maxStaleness: 0 }, /maxStaleness must be longer than 0; got 0/],
    ] as const) {
      expect(() => resolveManagerOptions(options as never)).toThrow(message);
      expect(() => resolveManagerOptions(options as never)).toThrow(
        expect.objectContaining({ code: CacheErrorCode.INVALID_CONFIGURATION }),
      );
    }
  });

  it('a logger that throws is harmless, and keeps its own `this`', () => {
    const lines: unknown[] = [];
    class Log {
      readonly prefix = 'x';
      debug = (): void => {
        throw new Error('disk full');
      };
      info(): void {}
      warn(_fields: object, message: string): void {
        lines.push(`${this.prefix} ${message}`);
      }
      error(): void {}
    }
    const { logger } = resolveManagerOptions({ logger: new Log() }).hub;
    expect(() => logger.debug({}, 'a')).not.toThrow();
    logger.warn({}, 'b');
    expect(lines).toEqual(['x b']);
  });
});
