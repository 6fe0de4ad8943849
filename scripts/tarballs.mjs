// Each package as npm would publish it: packed, looked into, judged by publint and attw, installed into an empty project,
// imported from there and compiled against by every compiler that a consumer may use. Needs the builds.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { entries, members, root } from './workspace.mjs';

const packages = members('packages').filter(({ manifest }) => !manifest.private);
const consumer = join(root, 'scripts', 'consumer', 'node_modules');
const compilers = ['typescript-5.9', 'typescript', 'typescript-7'];
const scratch = mkdtempSync(join(tmpdir(), 'larder-tarballs-'));

/**
 * @param {string} command
 * @param {string[]} args
 * @param {string} cwd
 */
function run(command, args, cwd) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status === 0) return stdout;
  throw new Error(`\`${command} ${args.join(' ')}\` failed:\n${error?.message ?? stdout + stderr}`);
}

/** @param {import('./workspace.mjs').Member} member */
function tarballOf(member) {
  return join(
    scratch,
    `${member.manifest.name.replace('@', '').replace('/', '-')}-${member.manifest.version}.tgz`,
  );
}

/** @param {import('./workspace.mjs').Member} member */
function checkContents(member) {
  const unpacked = join(scratch, 'unpacked', member.manifest.name);
  mkdirSync(unpacked, { recursive: true });
  run('tar', ['-xzf', tarballOf(member), '-C', unpacked], scratch);
  const files = run('tar', ['-tzf', tarballOf(member)], scratch)
    .trim()
    .split('\n')
    .map((path) => path.replace(/^package\//, ''));
  const tests = files.filter((path) => /\.test(-d)?\.|^test\/|(^|\/)__/.test(path));
  if (tests.length > 0) throw new Error(`Tests would be published: ${tests.join(', ')}`);
  for (const name of ['LICENSE', 'README.md', 'package.json']) {
    if (!files.includes(name)) throw new Error(`${name} is missing from the tarball.`);
  }
  const manifest = readFileSync(join(unpacked, 'package', 'package.json'), 'utf8');
  const protocol = /"(workspace|catalog|link|file):[^"]*"/.exec(manifest);
  if (protocol) throw new Error(`package.json would be published with ${protocol[0]}.`);
}

/**
 * The package and all of the workspace that it needs.
 * @param {import('./workspace.mjs').Member} member
 * @returns {import('./workspace.mjs').Member[]}
 */
function withDependencies(member) {
  const names = Object.keys({ ...member.manifest.dependencies, ...member.manifest.peerDependencies });
  const needed = packages.filter(({ manifest }) => names.includes(manifest.name));
  return [...new Set([member, ...needed.flatMap(withDependencies)])];
}

/** @param {import('./workspace.mjs').Member} member */
function checkInstalled(member) {
  const project = join(scratch, 'project', member.manifest.name);
  mkdirSync(project, { recursive: true });
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }\n');
  const tarballs = withDependencies(member).map(tarballOf);
  run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...tarballs], project);
  // An entry named after an optional peer works only where that is installed, which its users have done.
  const optional = Object.keys(member.manifest.peerDependenciesMeta ?? {});
  const specifiers = entries(member)
    .map(({ specifier }) => specifier)
    .filter((specifier) => !optional.some((peer) => specifier.endsWith(`/${peer}`)));
  for (const specifier of specifiers) {
    const code = `const names = Object.keys(await import('${specifier}')); if (names.length === 0) process.exit(1);`;
    run(process.execPath, ['--unhandled-rejections=strict', '--input-type=module', '--eval', code], project);
  }
  checkTypes(project, specifiers);
}

/**
 * @param {string} project with the packages installed
 * @param {string[]} specifiers
 */
function checkTypes(project, specifiers) {
  const lines = specifiers.map((specifier, index) => `export * as entry${index} from '${specifier}';`);
  writeFileSync(join(project, 'consumer.ts'), lines.join('\n'));
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: 'es2023',
    module: 'nodenext',
    skipLibCheck: false,
    exactOptionalPropertyTypes: true,
    types: ['node'],
    typeRoots: [join(consumer, '@types')],
  };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.ts'] }));
  for (const compiler of compilers) {
    run(process.execPath, [join(consumer, compiler, 'bin', 'tsc'), '-p', 'tsconfig.json'], project);
  }
}

/** @param {import('./workspace.mjs').Member} member */
function check(member) {
  checkContents(member);
  run('pnpm', ['exec', 'publint', 'run', tarballOf(member), '--strict'], root);
  run('pnpm', ['exec', 'attw', tarballOf(member), '--profile', 'esm-only', '--no-color'], root);
  checkInstalled(member);
}

let failed = 0;
try {
  for (const member of packages) run('pnpm', ['pack', '--pack-destination', scratch], member.path);
  for (const member of packages) {
    try {
      check(member);
      console.log(`✓ ${member.manifest.name}`);
    } catch (error) {
      failed += 1;
      console.error(`✗ ${member.manifest.name}: ${/** @type {Error} */ (error).message}`);
    }
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;
