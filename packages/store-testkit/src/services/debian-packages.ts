import { execFile } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const DOWNLOAD_WITHIN_MS = 120_000;
const UPDATE_WITHIN_MS = 180_000;

/** Everything here runs on it: what is unpacked must never bring another. */
const NEVER_FETCHED = /^(libc6|libc-bin|libcrypt1)(:|$)/;

// biome-ignore lint/suspicious/noTemplateCurlyInString: the format of dpkg-query
const STATUS_FORMAT = '-f=${db:Status-Abbrev}';

/**
 * Gets Debian packages without installing anything: needs `apt-get` and `dpkg-deb`, but neither root nor package lists.
 * All of its files stay in one folder.
 */
export class DebianPackages {
  readonly #folder: string;
  /** Empty while the system's own package lists do. */
  #privateLists: readonly string[] = [];

  /** @param folder an existing, empty folder to work in */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Downloads packages and unpacks them into a folder.
   *
   * @throws Error whose message is what apt or dpkg said last
   */
  async unpack(packages: readonly string[], into: string): Promise<void> {
    const archives = join(this.#folder, 'archives');
    await mkdir(archives, { recursive: true });
    const before = new Set(await readdir(archives));
    await this.#downloadSomehow(packages, archives);
    for (const file of await readdir(archives)) {
      if (!before.has(file)) await command('dpkg-deb', ['-x', join(archives, file), into], this.#folder);
    }
  }

  /** Libraries that the packages need, directly or through one another, and that are not installed on this system. */
  async missingLibraries(packages: readonly string[]): Promise<string[]> {
    const seen = new Set<string>();
    for (let level = packages; level.length > 0; ) {
      const text = await command(
        'apt-cache',
        [...this.#privateLists, 'depends', '--important', ...level],
        this.#folder,
      );
      level = dependencies(text).filter(
        (name) => /^lib/.test(name) && !NEVER_FETCHED.test(name) && !seen.has(name),
      );
      for (const name of level) seen.add(name);
    }
    const installed = await Promise.all([...seen].map(isInstalled));
    return [...seen].filter((_, place) => !installed[place]);
  }

  async #downloadSomehow(packages: readonly string[], archives: string): Promise<void> {
    if (this.#privateLists.length > 0) return await this.#download(packages, archives);
    try {
      await this.#download(packages, archives);
    } catch {
      const failure = await this.#fetchLists();
      try {
        await this.#download(packages, archives);
      } catch (error) {
        // That the lists could not be had says more than that they are empty.
        throw failure ?? error;
      }
    }
  }

  async #download(packages: readonly string[], archives: string): Promise<void> {
    const args = [...this.#options(), 'download', ...packages];
    await command('apt-get', args, archives, DOWNLOAD_WITHIN_MS);
  }

  /**
   * Package lists of its own: those of the system may be missing or old, and only root may renew them. Answers what went
   * wrong: one source of many that cannot be reached is no reason to give up.
   */
  async #fetchLists(): Promise<Error | undefined> {
    const [lists, cache] = [join(this.#folder, 'lists'), join(this.#folder, 'cache')];
    await mkdir(join(lists, 'partial'), { recursive: true });
    await mkdir(join(cache, 'archives', 'partial'), { recursive: true });
    this.#privateLists = ['-o', `Dir::State::lists=${lists}`, '-o', `Dir::Cache=${cache}`];
    const args = [...this.#options(), '-o', 'Acquire::Languages=none', 'update'];
    try {
      await command('apt-get', args, this.#folder, UPDATE_WITHIN_MS);
      return undefined;
    } catch (error) {
      return error as Error;
    }
  }

  #options(): string[] {
    const settings = ['Debug::NoLocking=true', 'Acquire::Retries=1', 'Acquire::http::Timeout=20'];
    settings.push('APT::Update::Error-Mode=any');
    // As root, apt would download as another user, who may not write here.
    settings.push('APT::Sandbox::User=root');
    return ['-q', ...this.#privateLists, ...settings.flatMap((setting) => ['-o', setting])];
  }
}

/** The names in the answer of `apt-cache depends`: of alternatives the first. */
function dependencies(text: string): string[] {
  const names: string[] = [];
  let alternative = false;
  for (const [, bar, name = ''] of text.matchAll(/^ *(\|?)(?:Pre)?Depends: (\S+)$/gm)) {
    if (!alternative) names.push(name);
    alternative = bar === '|';
  }
  return names;
}

async function isInstalled(name: string): Promise<boolean> {
  try {
    const { stdout } = await run('dpkg-query', ['-W', STATUS_FORMAT, name]);
    return stdout.startsWith('ii');
  } catch {
    return false;
  }
}

async function command(
  name: string,
  args: readonly string[],
  cwd: string,
  timeout = 60_000,
): Promise<string> {
  try {
    const env = { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' };
    const { stdout } = await run(name, args, { cwd, env, timeout, maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  } catch (error) {
    throw new Error(`${name}: ${reason(error as Failure)}`);
  }
}

interface Failure extends Error {
  readonly code?: number | string;
  readonly killed?: boolean;
  readonly stderr?: string;
}

function reason({ code, killed, stderr = '', message }: Failure): string {
  if (code === 'ENOENT') return 'there is no such program on this system';
  if (killed) return 'it took too long';
  const lines = stderr.split('\n').filter((line) => /^E: |error/i.test(line));
  return (lines.slice(-2).join(' ') || message).slice(0, 300);
}
