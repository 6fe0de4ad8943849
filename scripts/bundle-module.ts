import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';

const conditions = ['@larder/source', 'node', 'default'];

/**
 * For tests with a second process: makes one file that any Node can run of a TypeScript module and the sources of this
 * workspace that it imports. It lies in the cache of the package until this process ends: there it finds the package's
 * dependencies. Answers its path. Takes about half a second.
 *
 * @param module absolute path of the module
 * @param packageFolder absolute path of the package whose test it is for
 */
export async function bundleModule(module: string, packageFolder: string): Promise<string> {
  // One for each process: test files side by side must not write over one another's.
  const bundles = join(packageFolder, 'node_modules', '.cache', 'bundled-modules');
  removeLeftOvers(bundles);
  const outDir = join(bundles, String(process.pid));
  process.once('exit', () => rmSync(outDir, { recursive: true, force: true }));
  await build({
    configFile: false,
    logLevel: 'warn',
    root: packageFolder,
    resolve: { conditions },
    ssr: { resolve: { conditions }, noExternal: [/^@larder\//], target: 'node' },
    build: {
      ssr: module,
      outDir,
      emptyOutDir: false,
      minify: false,
      sourcemap: 'inline',
      target: 'node20',
      rolldownOptions: { output: { entryFileNames: '[name].mjs' } },
    },
  });
  const name = module.replace(/^.*[/\\]/, '').replace(/\.ts$/, '');
  return join(outDir, `${name}.mjs`);
}

/** Of test processes that were killed. */
function removeLeftOvers(bundles: string): void {
  const pids = existsSync(bundles) ? readdirSync(bundles) : [];
  for (const pid of pids) {
    try {
      process.kill(Number(pid), 0);
    } catch {
      rmSync(join(bundles, pid), { recursive: true, force: true });
    }
  }
}
