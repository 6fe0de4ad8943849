import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CacheStore } from '../contracts/cache-store.ts';
import type { CreateStore, StoreFactoryOptions } from '../contracts/store-factory.ts';
import { CacheError } from '../errors/cache-error.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import type { StoreName } from './manager-options.ts';

/** What each store package talks to its server with; the user installs both. */
const CLIENTS: Readonly<Record<Exclude<StoreName, 'memory'>, string>> = {
  redis: 'ioredis',
  memcached: 'memjs',
  postgres: 'pg',
};

/**
 * Makes a store from its name: looks for `@larder/store-<name>` beside this package, then where the application stands.
 * @throws INVALID_CONFIGURATION with the install command where it is nowhere, or where the store refuses the options
 */
export async function storeByName(
  name: Exclude<StoreName, 'memory'>,
  options: StoreFactoryOptions,
): Promise<CacheStore> {
  const packageName = `@larder/store-${name}`;
  const module = (await load(packageName)) ?? (await loadFromApplication(packageName));
  if (module === null) {
    throw new CacheError(
      `The store '${name}' needs the package ${packageName}. Run: npm install ${packageName} ${CLIENTS[name]}`,
      CacheErrorCode.INVALID_CONFIGURATION,
      { details: { package: packageName } },
    );
  }
  const { createStore } = module;
  if (typeof createStore !== 'function') {
    throw new CacheError(
      `${packageName} has no createStore. Install a version that goes with this one of @larder/cache-core.`,
      CacheErrorCode.INVALID_CONFIGURATION,
    );
  }
  return (createStore as CreateStore)(options);
}

type Module = Readonly<Record<string, unknown>>;

async function load(specifier: string, packageName = specifier): Promise<Module | null> {
  try {
    return (await import(specifier)) as Module;
  } catch (cause) {
    if (isMissing(cause, packageName)) return null;
    throw new CacheError(`${packageName} could not be loaded.`, CacheErrorCode.INVALID_CONFIGURATION, {
      cause,
    });
  }
}

async function loadFromApplication(packageName: string): Promise<Module | null> {
  const require = createRequire(join(process.cwd(), 'application.js'));
  let path: string;
  try {
    path = require.resolve(packageName);
  } catch {
    return null;
  }
  return load(pathToFileURL(path).href, packageName);
}

/** The package itself is missing, rather than something that it needs. */
function isMissing(error: unknown, packageName: string): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return (
    code === 'ERR_MODULE_NOT_FOUND' && typeof message === 'string' && message.includes(`'${packageName}'`)
  );
}
