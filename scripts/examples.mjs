// Runs every example as a reader would, against the built packages, and compares what it prints with its
// expected.txt. Servers that they need are started for them.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { printTally } from './tally.mjs';
import { members, root } from './workspace.mjs';

const loader = new URL('./load-typescript.mjs', import.meta.url).href;
const limitMs = 60_000;

/**
 * @param {import('./workspace.mjs').Member} example
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Promise<string | undefined>} what is wrong
 */
async function complaint(example, environment) {
  const expectedFile = join(example.path, 'expected.txt');
  if (!existsSync(expectedFile)) return 'has no expected.txt: save what it should print there';
  const { error, stdout, stderr } = await run(example.path, environment);
  if (error?.killed) return `did not end within ${limitMs / 1000} s\n${stderr}`;
  if (error) return `ended with code ${error.code ?? error.signal}\n${stderr}`;
  return difference(readFileSync(expectedFile, 'utf8'), stdout);
}

/**
 * @param {string} cwd
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{ error: import('node:child_process').ExecFileException | null, stdout: string, stderr: string }>}
 */
function run(cwd, env) {
  const args = ['--unhandled-rejections=strict', '--import', loader, 'main.ts'];
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      args,
      { cwd, env, encoding: 'utf8', timeout: limitMs },
      (error, stdout, stderr) => resolve({ error, stdout, stderr }),
    );
  });
}

/**
 * Where examples find the servers that they need: one is started for all.
 * @param {import('./workspace.mjs').Member[]} examples
 */
async function startServers(examples) {
  const needsRedis = examples.some(({ manifest }) => manifest.dependencies['@larder/store-redis']);
  if (!needsRedis) return { environment: process.env, stop: async () => {} };
  const services = join(root, 'packages', 'store-testkit', 'dist', 'services.js');
  const { RedisServer } = await import(pathToFileURL(services).href);
  const redis = await RedisServer.start();
  return { environment: { ...process.env, REDIS_URL: redis.url }, stop: () => redis.stop() };
}

/**
 * @param {string} expected
 * @param {string} printed
 */
function difference(expected, printed) {
  if (expected === printed) return undefined;
  const expectedLines = expected.split('\n');
  const printedLines = printed.split('\n');
  const length = Math.max(expectedLines.length, printedLines.length);
  for (let index = 0; index < length; index += 1) {
    if (expectedLines[index] === printedLines[index]) continue;
    const [wanted, got] = [expectedLines[index], printedLines[index]].map((line) => line ?? '(no such line)');
    return `differs from expected.txt in line ${index + 1}\n  expected: ${wanted}\n  printed:  ${got}`;
  }
  return undefined;
}

/** @returns {Promise<import('./tally.mjs').Tally>} */
export async function runExamples() {
  const tally = { passed: 0, failed: 0 };
  const examples = members('examples');
  const servers = await startServers(examples);
  try {
    for (const example of examples) {
      const wrong = await complaint(example, servers.environment);
      if (wrong === undefined) tally.passed += 1;
      else tally.failed += 1;
      console.log(wrong === undefined ? ` ✓ ${example.folder}` : ` ✗ ${example.folder} ${wrong}`);
    }
  } finally {
    await servers.stop();
  }
  return tally;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) printTally(await runExamples());
