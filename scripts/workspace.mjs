// The members of this workspace, as they lie on disk.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the workspace, with a separator at its end. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * @typedef {object} Member
 * @property {string} folder relative to the root, with `/`
 * @property {string} path absolute
 * @property {Record<string, any>} manifest
 */

/**
 * @param {'packages' | 'apps' | 'examples'} group
 * @returns {Member[]} in the order of their names
 */
export function members(group) {
  const groupPath = join(root, group);
  if (!existsSync(groupPath)) return [];
  return readdirSync(groupPath)
    .sort()
    .filter((name) => existsSync(join(groupPath, name, 'package.json')))
    .map((name) => {
      const path = join(groupPath, name);
      return {
        folder: `${group}/${name}`,
        path,
        manifest: JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')),
      };
    });
}

/**
 * The public entries of a package and the sources behind them.
 * @param {Member} member
 * @returns {{ specifier: string, source: string }[]} `source` relative to the root
 */
export function entries(member) {
  return Object.entries(member.manifest.exports ?? {}).flatMap(([entry, target]) => {
    const source = target['@larder/source'];
    if (source === undefined) return [];
    return [{ specifier: member.manifest.name + entry.slice(1), source: member.folder + source.slice(1) }];
  });
}

/** Folders that hold what was installed or built, not written. */
const notWritten = new Set(['node_modules', 'dist', 'coverage', 'bench-report']);

/**
 * All written files under a folder, hidden ones left out.
 * @param {string} [folder] relative to the root
 * @returns {string[]} relative to the root, with `/`, in order
 */
export function writtenFiles(folder = '') {
  const path = join(root, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true })
    .filter(({ name }) => !notWritten.has(name) && !name.startsWith('.'))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((item) => {
      const inside = folder === '' ? item.name : `${folder}/${item.name}`;
      return item.isDirectory() ? writtenFiles(inside) : [inside];
    });
}
