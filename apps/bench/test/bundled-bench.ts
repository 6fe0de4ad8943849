import { cp, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, defaultServerConditions, type Plugin } from 'vite';

const bench = fileURLToPath(new URL('..', import.meta.url));

const conditions = ['@larder/source', ...defaultServerConditions];

/** What cache-core imports and this program does not: outside too, and found where cache-core finds it. */
const outside: Plugin = {
  name: 'msgpackr-outside',
  enforce: 'pre',
  resolveId(id) {
    if (id !== 'msgpackr') return null;
    const core = createRequire(join(bench, '../../packages/cache-core/package.json'));
    return { id: pathToFileURL(core.resolve('msgpackr')).href, external: true };
  },
};

/** The program as it is run, made from the sources: no build of the workspace is needed, and none is trusted. */
export interface BundledBench {
  /** To be run with `node`. */
  readonly program: string;
  /** A folder for whatever a run writes. */
  readonly folder: string;
  remove(): Promise<void>;
}

/** Bundles the program into a new folder, with what it looks for beside itself. */
export async function bundleBench(): Promise<BundledBench> {
  // Under node_modules, so that what is not bundled is found, and nothing else looks at it.
  const folder = await mkdtemp(join(bench, 'node_modules', '.bundled-bench-'));
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
    root: bench,
    logLevel: 'error',
    plugins: [outside],
    resolve: { conditions },
    // Not these: they are CommonJS inside, or know where their own files are.
    ssr: {
      noExternal: true,
      external: ['linkedom', '@observablehq/plot', 'ioredis'],
      target: 'node',
      resolve: { conditions },
    },
    build: {
      ssr: true,
      target: 'node20',
      outDir: join(folder, 'dist'),
      minify: false,
      rolldownOptions: {
        input: {
          main: join(bench, 'src/main.ts'),
          'micro/subject-process': join(bench, 'src/micro/subject-process.ts'),
        },
        preserveEntrySignatures: 'strict',
        output: {
          entryFileNames: '[name].js',
          preserveModules: true,
          preserveModulesRoot: join(bench, 'src'),
        },
      },
    },
  });
  await cp(join(bench, 'package.json'), join(folder, 'package.json'));
  await cp(join(bench, 'traces'), join(folder, 'traces'), { recursive: true });
}
