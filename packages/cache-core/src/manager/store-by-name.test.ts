import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../clock/system-clock.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { silentLogger } from '../observe/silent-logger.ts';
import { storeByName } from './store-by-name.ts';

const options = { prefix: 'app:', clock: systemClock, logger: silentLogger };

/** An application that has installed a store package, in a folder of its own. */
describe('storeByName', () => {
  let folder = '';

  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'larder-')));
    vi.spyOn(process, 'cwd').mockReturnValue(folder);
  });

  afterEach(() => {
    vi.restoreAllMocks();
    rmSync(folder, { recursive: true });
  });

  const install = (source: string): void => {
    const path = join(folder, 'node_modules', '@larder', 'store-memcached');
    mkdirSync(path, { recursive: true });
    writeFileSync(
      join(path, 'package.json'),
      JSON.stringify({ name: '@larder/store-memcached', type: 'module', exports: './index.js' }),
    );
    writeFileSync(join(path, 'index.js'), source);
  };

  it('finds the package where the application stands, and hands it the options', async () => {
    install('export const createStore = (options) => ({ made: options.prefix });');
    expect(await storeByName('memcached', options)).toEqual({ made: 'app:' });
  });

  it('says how to install what is nowhere', async () => {
    await expect(storeByName('memcached', options)).rejects.toMatchObject({
      code: CacheErrorCode.INVALID_CONFIGURATION,
      message: expect.stringContaining('npm install @larder/store-memcached memjs'),
      details: { package: '@larder/store-memcached' },
    });
  });

  it('says so where the package is there and cannot be loaded', async () => {
    install("import 'a-client-that-is-not-installed';");
    await expect(storeByName('memcached', options)).rejects.toMatchObject({
      code: CacheErrorCode.INVALID_CONFIGURATION,
      message: expect.stringContaining('could not be loaded'),
      cause: expect.anything(),
    });
  });

  it('says so where it is of another age', async () => {
    install('export const make = 1;');
    await expect(storeByName('memcached', options)).rejects.toThrow(/has no createStore/);
  });

  it('a store that refuses its options is heard', async () => {
    install("export const createStore = () => { throw new Error('bad URL'); };");
    await expect(storeByName('memcached', options)).rejects.toThrow('bad URL');
  });
});
