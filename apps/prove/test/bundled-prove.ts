import { cp, mkdir, mkdtemp, realpath, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, defaultServerConditions } from 'vite';

const app = fileURLToPath(new URL('..', import.meta.url));

const conditions = ['@larder/source', ...defaultServerConditions];

/** The program as it is run, made from the sources: no build of the workspace is needed, and none is trusted. */
export interface BundledProve {
  /** To be run with `node`. */
  readonly program: string;
  /** A folder for whatever a run writes. */
  readonly folder: string;
  remove(): Promise<void>;
}

/** Bundles the program, and its workers, into a new folder. */
export async function bundleProve(): Promise<BundledProve> {
  // Under node_modules, so that what is not bundled is found, and nothing else looks at it.
  const folder = await mkdtemp(join(app, 'node_modules', '.bundled-prove-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    await bundleInto(folder);
  } catch (error) {
    await remove();
    throw error;
  }
  return { program: join(folder, 'dist', 'main.js'), folder, remove };
}

async function bundleInto(folder: string): Promise<void> {
  await build({
    configFile: false,
    root: app,
    logLevel: 'error',
    resolve: { conditions },
    // Not msgpackr: it looks for its native part beside itself.
    ssr: { noExternal: true, external: ['ioredis', 'msgpackr'], target: 'node', resolve: { conditions } },
    build: {
      ssr: true,
      target: 'node20',
      outDir: join(folder, 'dist'),
      minify: false,
      rolldownOptions: {
        input: { main: join(app, 'src/main.ts'), worker: join(app, 'src/worker.ts') },
        preserveEntrySignatures: 'strict',
        output: { entryFileNames: '[name].js', preserveModules: true, preserveModulesRoot: join(app, 'src') },
      },
    },
  });
  await cp(join(app, 'package.json'), join(folder, 'package.json'));
  // A dependency of cache-core, which this app cannot see.
  const packer = await realpath(join(app, '../../packages/cache-core/node_modules/msgpackr'));
  await mkdir(join(folder, 'node_modules'));
  await symlink(packer, join(folder, 'node_modules', 'msgpackr'));
}
