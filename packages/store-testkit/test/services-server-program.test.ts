import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CacheErrorCode } from '@larder/cache-core';
import { RedisServer } from '@larder/store-testkit/services';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

// Nothing here reaches a package archive: apt and dpkg are small scripts that note how they were called.

let folder: string;
let tools: string;
let servers: string;

/** A program of that name, in shell. */
async function program(path: string, script: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
}

const SERVER_7 = 'echo "Redis server v=7.0.15 sha=00000000:0 malloc=libc"';

/** The tools of a Debian system on which neither lists nor libraries are there. Their calls stand in `calls`. */
async function fakeDebian(): Promise<void> {
  const note = `echo "$(basename "$0") $*" >> ${folder}/calls`;
  await program(
    join(tools, 'apt-get'),
    `${note}
case "$*" in
  *" update") mkdir -p ${folder}/lists ;;
  *" download "*)
    [ -d ${folder}/lists ] || { echo "E: Unable to locate package" >&2; exit 100; }
    for name in "$@"; do case $name in redis-*|lib[a-z]*) echo > "$PWD/$name.deb" ;; esac; done ;;
esac`,
  );
  await program(
    join(tools, 'apt-cache'),
    `${note}
case "$*" in
  *redis-tools*) printf 'redis-server\\n  Depends: redis-tools\\nredis-tools\\n  Depends: libc6\\n |Depends: libone\\n  Depends: libother\\n  Depends: libthere\\n' ;;
  *libone*) printf 'libone\\n  PreDepends: libtwo\\n  Depends: libone\\n' ;;
esac`,
  );
  await program(join(tools, 'dpkg-query'), `case "$*" in *libthere*) echo "ii " ;; *) exit 1 ;; esac`);
  await program(
    join(tools, 'dpkg-deb'),
    `${note}
mkdir -p "$3/usr/bin" "$3/usr/lib/x86_64-linux-gnu"
case "$2" in
  *redis-server.deb) printf '#!/bin/sh\\n[ -e "$LD_LIBRARY_PATH/libtwo" ] || { echo "error while loading shared libraries" >&2; exit 127; }\\n${SERVER_7.replaceAll('"', '\\"')}\\n' > "$3/usr/bin/redis-server"; chmod 755 "$3/usr/bin/redis-server" ;;
  *lib*) touch "$3/usr/lib/x86_64-linux-gnu/$(basename "$2" .deb)" ;;
esac`,
  );
}

async function calls(): Promise<string[]> {
  return (await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n');
}

let progress = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'larder-finder-'));
  tools = join(folder, 'tools');
  servers = join(folder, 'servers');
  await mkdir(tools);
  for (const name of ['sh', 'basename', 'mkdir', 'touch', 'chmod']) {
    await symlink(`/bin/${name}`, join(tools, name));
  }
  vi.stubEnv('PATH', tools);
  vi.stubEnv('LARDER_SERVERS_DIR', servers);
  vi.stubEnv('REDIS_SERVER', undefined);
  progress = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    progress += String(text);
    return true;
  });
});

afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});

describe('finding redis-server', () => {
  it('REDIS_SERVER comes first, and must be right if it is set', async () => {
    await program(join(tools, 'redis-server'), SERVER_7);
    const own = join(folder, 'my-redis');
    await program(own, SERVER_7);
    vi.stubEnv('REDIS_SERVER', own);
    expect(await RedisServer.provide()).toBe(own);
    vi.stubEnv('REDIS_SERVER', join(folder, 'nowhere'));
    await expect(RedisServer.provide()).rejects.toMatchObject({ code: CacheErrorCode.INVALID_CONFIGURATION });
    await expect(RedisServer.provide()).rejects.toThrow(/REDIS_SERVER must be .* does not start: ENOENT/);
    const old = join(folder, 'old-redis');
    await program(old, 'echo "Redis server v=6.0.16 sha=0"');
    vi.stubEnv('REDIS_SERVER', old);
    await expect(RedisServer.provide()).rejects.toThrow(/is version 6.0, older than 6.2/);
    const other = join(folder, 'other');
    await program(other, 'echo hello');
    vi.stubEnv('REDIS_SERVER', other);
    await expect(RedisServer.provide()).rejects.toThrow(/does not tell its version/);
  });

  it('then PATH, Valkey too', async () => {
    await program(join(tools, 'valkey-server'), 'echo "Valkey server v=8.0.1 sha=0"');
    expect(await RedisServer.provide()).toBe(join(tools, 'valkey-server'));
    vi.stubEnv('PATH', `${tools}:`);
    await program(join(tools, 'redis-server'), SERVER_7);
    expect(await RedisServer.provide()).toBe(join(tools, 'redis-server'));
  });

  it('then it is fetched, once: with package lists and libraries of its own where the system has none', async () => {
    await fakeDebian();
    const path = join(servers, 'redis', 'usr', 'bin', 'redis-server');
    expect(await RedisServer.provide()).toBe(path);
    expect(progress).toMatch(/fetching it with apt-get into .*\n.*fetched in/);
    const made = (await calls()).map((call) =>
      call
        .replace(/ -\S+| \S+=\S+/g, '')
        .split(' ')
        .slice(0, 5)
        .join(' '),
    );
    expect(made.filter((call) => call.startsWith('apt-get'))).toEqual([
      'apt-get download redis-server redis-tools',
      'apt-get update',
      'apt-get download redis-server redis-tools',
      'apt-get download libone libtwo',
    ]);
    expect((await readdir(servers)).sort()).toEqual(['.gitignore', 'redis']);
    expect(await readFile(join(servers, '.gitignore'), 'utf8')).toBe('*\n');

    const before = (await calls()).length;
    vi.stubEnv('PATH', `${tools}:/nowhere`);
    expect(await RedisServer.provide()).toBe(path);
    expect(await calls()).toHaveLength(before);
  });

  it('one fetches, others wait for it and take what it brought', async () => {
    await fakeDebian();
    // Another environment each: one of its own would not look it up again.
    const provided = ['/one', '/two', '/three'].map((path) => {
      vi.stubEnv('PATH', `${tools}:${path}`);
      return RedisServer.provide();
    });
    expect(new Set(await Promise.all(provided)).size).toBe(1);
    expect((await calls()).filter((call) => /^dpkg-deb .*redis-server\.deb/.test(call))).toHaveLength(1);
    expect((await readdir(servers)).sort()).toEqual(['.gitignore', 'redis']);
  });

  it('what was left over by one that was killed long ago is removed, what is young is not', async () => {
    await fakeDebian();
    const [old, young] = ['redis.fetching-old', 'redis.fetching-young'].map((name) => join(servers, name));
    await mkdir(join(old!, 'half'), { recursive: true });
    await utimes(old!, 0, 0);
    await mkdir(young!);
    await RedisServer.provide();
    expect((await readdir(servers)).sort()).toEqual(['.gitignore', 'redis', 'redis.fetching-young']);
  });

  it('a fetched one that does not start any more is replaced', async () => {
    await fakeDebian();
    await mkdir(join(servers, 'redis', 'usr', 'bin'), { recursive: true });
    await program(join(servers, 'redis', 'usr', 'bin', 'redis-server'), 'exit 1');
    expect(await RedisServer.provide()).toBe(join(servers, 'redis', 'usr', 'bin', 'redis-server'));
  });

  it('where it cannot be had, the error says why and names every way', async () => {
    await program(join(tools, 'redis-server'), 'echo "Redis server v=5.0.3 sha=0"');
    const missing = RedisServer.start();
    await expect(missing).rejects.toMatchObject({ code: CacheErrorCode.INVALID_CONFIGURATION });
    const { message } = (await missing.catch((error: unknown) => error)) as Error;
    expect(message).toContain(
      'is version 5.0, older than 6.2; fetching it failed: apt-get: there is no such program',
    );
    for (const way of [
      'on PATH',
      'apt-get install redis-server',
      'REDIS_SERVER',
      'compose.yaml',
      'REDIS_URL',
    ]) {
      expect(message).toContain(way);
    }
    expect(await readdir(servers)).toEqual(['.gitignore']);
    // It is looked for again.
    await program(join(tools, 'redis-server'), SERVER_7);
    expect(await RedisServer.provide()).toBe(join(tools, 'redis-server'));
  });

  it('without package lists to be had, the error says so', async () => {
    await program(
      join(tools, 'apt-get'),
      'case "$*" in *update) echo "E: Failed to fetch http://archive Temporary failure resolving" >&2 ;; esac; exit 100',
    );
    await expect(RedisServer.provide()).rejects.toThrow(/fetching it failed: apt-get: E: Failed to fetch/);
  });
});
