// Type-checks the code that the documents print: every ```ts block of the READMEs and docs, each as a module of its own.
//
// A block needs no more than a reader would type. What it takes for granted can be declared out of sight, in a comment
// right above it:   <!-- ts: declare const db: { user(id: string): Promise<User> }; -->
// A block that cannot compile by its nature opens with ```ts no-check.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { entries, members, root, writtenFiles } from './workspace.mjs';

const folder = join(root, '.tools', 'snippets');
const documents = writtenFiles().filter((path) => path.endsWith('.md') && !path.endsWith('CHANGELOG.md'));

/** @typedef {{ line: number, code: string }} Snippet `line` is the first of the code, from 1; `code` keeps its line numbers */

/**
 * @param {string} text
 * @returns {Snippet[]}
 */
function snippetsOf(text) {
  const lines = text.split('\n');
  /** @type {Snippet[]} */
  const snippets = [];
  for (let at = 0; at < lines.length; at += 1) {
    const fence = /^(\s*)```(ts|typescript)\b(.*)$/.exec(lines[at] ?? '');
    if (!fence) continue;
    const first = at + 1;
    let end = first;
    while (end < lines.length && !/^\s*```\s*$/.test(lines[end] ?? '')) end += 1;
    at = end;
    if (fence[3]?.includes('no-check')) continue;
    const padded = hiddenDeclarations(lines, first - 1).concat(lines.slice(first, end));
    snippets.push({ line: first + 1, code: `${padded.join('\n')}\nexport {};\n` });
  }
  return snippets;
}

/**
 * Empty lines up to the fence, with the code of a `<!-- ts: … -->` comment right above it in place.
 * @param {string[]} lines
 * @param {number} fence its index
 */
function hiddenDeclarations(lines, fence) {
  const above = lines.slice(0, fence + 1).map(() => '');
  const before = lines.slice(0, fence).join('\n');
  const comment = /<!-- ts:((?:(?!-->)[\s\S])*)-->\s*$/.exec(before);
  if (!comment) return above;
  const start = before.slice(0, comment.index).split('\n').length - 1;
  for (const [index, line] of (comment[1] ?? '').split('\n').entries()) above[start + index] = line;
  return above;
}

/** Resolves packages as the workspace does, and what they depend on as they would. */
function compilerOptions() {
  const packages = members('packages');
  const paths = packages.flatMap(entries).map(({ specifier, source }) => [specifier, [join(root, source)]]);
  return {
    paths: Object.fromEntries([...packages.flatMap(declarations), ...paths]),
    typeRoots: [join(root, 'node_modules', '@types')],
    noUnusedLocals: false,
    noUnusedParameters: false,
  };
}

/**
 * The dependencies that a user installs beside a package, with the file that declares each.
 * @param {import('./workspace.mjs').Member} member
 */
function declarations({ path, manifest }) {
  return Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }).flatMap((name) => {
    const folder = join(path, 'node_modules', name);
    const { types } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return types === undefined ? [] : [[name, [join(folder, types)]]];
  });
}

/**
 * Names the document instead of the extracted file.
 * @param {string} output of the compiler
 */
function inDocuments(output) {
  return output.replaceAll(/^.*?\.tools\/snippets\/(.+)\.snippet-\d+\.ts\((\d+),/gm, '$1($2,');
}

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
let count = 0;
for (const document of documents) {
  for (const { line, code } of snippetsOf(readFileSync(join(root, document), 'utf8'))) {
    const file = join(folder, `${document}.snippet-${line}.ts`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, code);
    count += 1;
  }
}
writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
const config = {
  extends: '../../tsconfig.base.json',
  compilerOptions: compilerOptions(),
  include: ['**/*.ts'],
};
writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config, null, 2));

if (count > 0) {
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const args = [compiler, '-p', join(folder, 'tsconfig.json'), '--pretty', 'false'];
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  process.stdout.write(inDocuments(stdout));
  process.exitCode = status === 0 ? 0 : 1;
}
console.log(`${count} code blocks type-checked.`);
