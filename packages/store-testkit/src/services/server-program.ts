import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { CacheError, CacheErrorCode } from '@larder/cache-core';
import { DebianPackages } from './debian-packages.ts';
import { serversFolder } from './servers-folder.ts';
import { withSystemLock } from './system-lock.ts';

/** A server program, and how to come by it. */
export interface ServerProgram {
  /** The names of its executable, the first preferred. */
  readonly names: readonly [string, ...string[]];
  /** The environment variable with the path of one. */
  readonly variable: string;
  /** The environment variable with the address of a running server, for those who can do with that. */
  readonly urlVariable: string;
  /** The folder of the fetched one, under that of all servers. */
  readonly folder: string;
  /** Debian's packages that hold it. Libraries that these need are found out. */
  readonly packages: readonly [string, ...string[]];
  /** Finds major and minor version in what it prints for `--version`. */
  readonly version: RegExp;
  /** The oldest version that will do: major and minor. */
  readonly oldest: readonly [number, number];
}

/** A program that can be started here. */
export interface FoundProgram {
  readonly path: string;
  /** Its major version. */
  readonly version: number;
  /** What its environment needs besides this process's own. */
  readonly environment: Readonly<Record<string, string>>;
}

export const REDIS_PROGRAM: ServerProgram = {
  names: ['redis-server', 'valkey-server'],
  variable: 'REDIS_SERVER',
  urlVariable: 'REDIS_URL',
  folder: 'redis',
  // The executable of the first is a link into the second.
  packages: ['redis-server', 'redis-tools'],
  version: /\bv=(\d+)\.(\d+)/,
  oldest: [6, 2],
};

/** No fetching takes as long. */
const LEFT_OVER_MS = 60 * 60_000;

const run = promisify(execFile);
const found = new Map<string, Promise<FoundProgram>>();

/**
 * Finds a program that starts: by its environment variable (which, if set, must be right), on PATH, among those fetched
 * before; else it is fetched. That is looked up once for each environment.
 *
 * @throws CacheError `INVALID_CONFIGURATION` that names the ways to provide one
 */
export function findProgram(program: ServerProgram): Promise<FoundProgram> {
  const { PATH, LARDER_SERVERS_DIR, [program.variable]: named } = process.env;
  const key = JSON.stringify([program.variable, named, PATH, LARDER_SERVERS_DIR, process.cwd()]);
  let search = found.get(key);
  if (search === undefined) {
    search = find(program);
    found.set(key, search);
    search.catch(() => found.delete(key));
  }
  return search;
}

async function find(program: ServerProgram): Promise<FoundProgram> {
  const named = process.env[program.variable];
  if (named) {
    const answer = await probe(program, named);
    if (typeof answer !== 'string') return answer;
    throw notUsable(program, answer);
  }
  const reasons: string[] = [];
  for (const path of await onPath(program)) {
    const answer = await probe(program, path);
    if (typeof answer !== 'string') return answer;
    reasons.push(`${path} ${answer}`);
  }
  if (reasons.length === 0) reasons.push('PATH has none');
  try {
    return await fetched(program);
  } catch (cause) {
    reasons.push(`fetching it failed: ${(cause as Error).message}`);
    throw notToBeHad(program, reasons, cause);
  }
}

async function onPath({ names }: ServerProgram): Promise<string[]> {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const paths = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  const executable = await Promise.all(paths.map(isExecutable));
  return paths.filter((_, place) => executable[place]);
}

/** The one fetched before, or now. One process at a time fetches; the others wait and take what it brought. */
async function fetched(program: ServerProgram): Promise<FoundProgram> {
  const servers = await serversFolder();
  const folder = join(servers, program.folder);
  const before = await probeUnpacked(program, folder);
  if (typeof before !== 'string') return before;
  return await withSystemLock(folder, async () => {
    const meanwhile = await probeUnpacked(program, folder);
    if (typeof meanwhile !== 'string') return meanwhile;
    await removeLeftOvers(servers, `${program.folder}.fetching-`);
    const work = await mkdtemp(`${folder}.fetching-`);
    try {
      return await fetchInto(program, folder, work);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  });
}

/** Of processes that were killed while they fetched; a young one may be at work in another container. */
async function removeLeftOvers(servers: string, prefix: string): Promise<void> {
  for (const name of await readdir(servers)) {
    if (!name.startsWith(prefix)) continue;
    const folder = join(servers, name);
    const info = await stat(folder).catch(() => undefined);
    const old = info !== undefined && Date.now() - info.mtimeMs > LEFT_OVER_MS;
    if (old) await rm(folder, { recursive: true, force: true });
  }
}

async function fetchInto(program: ServerProgram, folder: string, work: string): Promise<FoundProgram> {
  const startMs = performance.now();
  tell(`${program.names[0]} is not on this system: fetching it with apt-get into ${folder} ...`);
  const source = new DebianPackages(work);
  const unpacked = join(work, 'unpacked');
  await source.unpack(program.packages, unpacked);
  if (typeof (await probeUnpacked(program, unpacked)) === 'string') {
    const libraries = await source.missingLibraries(program.packages);
    if (libraries.length > 0) await source.unpack(libraries, unpacked);
  }
  const answer = await probeUnpacked(program, unpacked);
  if (typeof answer === 'string') throw new Error(`what was fetched ${answer}`);
  // A whole folder appears at once; one that was there does not work.
  await rename(folder, join(work, 'before')).catch(() => undefined);
  await rename(unpacked, folder);
  tell(`fetched in ${((performance.now() - startMs) / 1000).toFixed(1)} s.`);
  const final = await probeUnpacked(program, folder);
  if (typeof final === 'string') throw new Error(`what was fetched ${final}`);
  return final;
}

async function probeUnpacked(program: ServerProgram, folder: string): Promise<FoundProgram | string> {
  const path = join(folder, 'usr', 'bin', program.names[0]);
  if (!(await isExecutable(path))) return 'is not there';
  const libraries = await libraryFolders(folder);
  const others = process.env.LD_LIBRARY_PATH;
  const all = others ? [...libraries, others] : libraries;
  return await probe(program, path, all.length === 0 ? {} : { LD_LIBRARY_PATH: all.join(':') });
}

async function libraryFolders(folder: string): Promise<string[]> {
  const parents = [join(folder, 'usr', 'lib'), join(folder, 'lib')];
  const inside = await Promise.all(
    parents.map(async (parent) => {
      const names = await readdir(parent).catch(() => []);
      return names.filter((name) => /-linux-gnu/.test(name)).map((name) => join(parent, name));
    }),
  );
  return inside.flat();
}

/** The program if it starts and is new enough, or why it will not do. */
async function probe(
  { version, oldest, names }: ServerProgram,
  path: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<FoundProgram | string> {
  try {
    const { stdout } = await run(path, ['--version'], {
      env: { ...process.env, ...environment },
      timeout: 10_000,
    });
    const [, major, minor] = version.exec(stdout) ?? [];
    if (major === undefined) return `is no ${names[0]}: it does not tell its version`;
    const tooOld = Number(major) < oldest[0] || (Number(major) === oldest[0] && Number(minor) < oldest[1]);
    if (tooOld) return `is version ${major}.${minor}, older than ${oldest.join('.')}`;
    return { path, version: Number(major), environment };
  } catch (error) {
    const { code, stderr } = error as Error & { code?: unknown; stderr?: string };
    const said = stderr?.trim().split('\n').at(-1) || String(code ?? 'no answer');
    return `does not start: ${said.slice(0, 200)}`;
  }
}

function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function tell(text: string): void {
  process.stderr.write(`store-testkit: ${text}\n`);
}

function notUsable({ variable, names, oldest }: ServerProgram, reason: string): CacheError {
  return new CacheError(
    `${variable} must be the path of a ${names[0]} ${oldest.join('.')} or later; the one it names ${reason}. Correct it, or unset it to have one found or fetched.`,
    CacheErrorCode.INVALID_CONFIGURATION,
  );
}

function notToBeHad(program: ServerProgram, reasons: readonly string[], cause: unknown): CacheError {
  const { names, variable, urlVariable, oldest, packages, folder } = program;
  const ways = [
    `put a ${names[0]} ${oldest.join('.')} or later on PATH (Debian, Ubuntu: apt-get install ${packages[0]})`,
    `set ${variable} to the path of one`,
    `let this system reach its package archive, so that one can be fetched (once; LARDER_SERVERS_DIR says where to)`,
    `for benchmarks and tests that start no server of their own: run one, such as by \`docker compose up ${folder}\` (compose.yaml), and set ${urlVariable} to its address`,
  ];
  return new CacheError(
    `No ${names[0]} for the tests: ${reasons.join('; ')}. Provide one in one of these ways:\n- ${ways.join('\n- ')}`,
    CacheErrorCode.INVALID_CONFIGURATION,
    { cause },
  );
}
