// Everything a fresh machine needs, from Node and npm alone: pnpm, the dependencies, the build; then a program.
//
//   node scripts/bootstrap.mjs [--tally] [program.mjs [arguments...]]
//
// The program runs in this very process, so its terminal, signals and exit code are those of the command.
// With --tally a failed set-up still ends in the line `0 passed, 1 failed`.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, delimiter, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const pnpmVersion = manifest.devEngines.packageManager.version;
const pnpmFolder = join(root, '.tools', 'pnpm');
const pnpmCommands = join(pnpmFolder, 'node_modules', '.bin');
const windows = process.platform === 'win32';

/** npm settings that say how to reach the registry; the rest of npm's variables describe the outer command. */
const reachesRegistry =
  /^npm_config_(.*registry|cafile|ca|cert|key|.*proxy|strict_ssl|userconfig|globalconfig|cache)$/i;

class SetUpError extends Error {}

function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new SetUpError(
    `Node ${process.versions.node} is too old: Larder needs Node ${manifest.engines.node}.`,
  );
}

function cleanEnvironment() {
  for (const name of Object.keys(process.env)) {
    if (name.startsWith('npm_') && name !== 'npm_execpath' && !reachesRegistry.test(name))
      delete process.env[name];
  }
  process.env.TURBO_TELEMETRY_DISABLED = '1';
  process.env.DO_NOT_TRACK = '1';
  if (!process.stdout.isTTY && process.env.FORCE_COLOR === undefined) process.env.NO_COLOR = '1';
  process.env.PATH = [pnpmCommands, process.env.PATH].join(delimiter);
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {string} cwd
 * @param {string} advice what to do when it fails
 */
function run(command, args, cwd, advice) {
  // Nobody is asked anything: with CI set, pnpm replaces a node_modules of another machine or user without a question.
  const env = { ...process.env, CI: 'true' };
  const result = spawnSync(command, args, { cwd, env, stdio: 'inherit', shell: windows });
  if (result.status === 0) return;
  const how =
    result.error?.message ??
    (result.signal ? `was stopped by ${result.signal}` : `exit code ${result.status}`);
  throw new SetUpError(`\`${basename(command)} ${args.join(' ')}\` failed: ${how}. ${advice}`);
}

function installPnpm() {
  mkdirSync(pnpmFolder, { recursive: true });
  const found = spawnSync(join(pnpmCommands, 'pnpm'), ['--version'], { encoding: 'utf8', shell: windows });
  if (found.status === 0 && found.stdout.trim() === pnpmVersion) return;
  writeFileSync(join(pnpmFolder, 'package.json'), '{ "private": true }\n');
  const npmCli = process.env.npm_execpath;
  // The install script of pnpm puts its native binary in place; without it turbo cannot start pnpm.
  const args = ['install', '--no-save', '--no-package-lock', '--ignore-scripts=false'];
  args.push('--no-audit', '--no-fund', '--loglevel=error', `pnpm@${pnpmVersion}`);
  const advice = 'Check that this machine reaches its npm registry (`npm ping`), then run the command again.';
  if (npmCli && basename(npmCli) === 'npm-cli.js')
    run(process.execPath, [npmCli, ...args], pnpmFolder, advice);
  else run('npm', args, pnpmFolder, advice);
}

function setUp() {
  requireNode();
  cleanEnvironment();
  installPnpm();
  delete process.env.npm_execpath;
  run(
    'pnpm',
    ['install', '--frozen-lockfile'],
    root,
    'If a package.json was edited, run `pnpm install` once to bring pnpm-lock.yaml up to date; otherwise see above.',
  );
  run('pnpm', ['exec', 'turbo', 'run', 'build', '--output-logs=errors-only'], root, 'The errors are above.');
}

const args = process.argv.slice(2);
const tally = args[0] === '--tally';
if (tally) args.shift();
const [program, ...programArgs] = args;

try {
  setUp();
} catch (error) {
  if (!(error instanceof SetUpError)) throw error;
  console.error(`larder: ${error.message}`);
  if (tally) console.log('0 passed, 1 failed');
  process.exit(1);
}

if (program) {
  const file = resolve(root, program);
  process.argv = [process.execPath, file, ...programArgs];
  await import(pathToFileURL(file).href);
}
