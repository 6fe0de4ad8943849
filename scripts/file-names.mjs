// No file or folder of a source tree has a name that says nothing about what is in it.
import { writtenFiles } from './workspace.mjs';

const vague = new Set(['util', 'utils', 'helper', 'helpers', 'common', 'type', 'types', 'misc', 'shared']);

/** @param {string} path */
function isVague(path) {
  return path.split('/').some((name) => vague.has(name.split('.')[0] ?? ''));
}

const found = ['packages', 'apps', 'examples', 'scripts']
  .flatMap((folder) => writtenFiles(folder))
  .filter(isVague);
for (const path of found) console.error(`${path}: name it after the one thing it holds.`);
process.exitCode = found.length === 0 ? 0 : 1;
