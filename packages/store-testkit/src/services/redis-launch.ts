import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { CacheError, CacheErrorCode, isCacheError } from '@larder/cache-core';
import type { AdminConnection } from './admin-connection.ts';
import { OwnedProcess } from './owned-process.ts';
import { quoted, type RedisServerSettings } from './redis-server-options.ts';
import type { FoundProgram } from './server-program.ts';

const READY_WITHIN_MS = 15_000;
/** A port that the server has just left, or that somebody took meanwhile, is tried for this long. */
const PORT_WITHIN_MS = 3000;

export interface RedisLaunch {
  readonly program: FoundProgram;
  readonly settings: RedisServerSettings;
  readonly port: number;
  /** An existing folder for its files. */
  readonly folder: string;
  readonly admin: AdminConnection;
}

/** Starts it on its port; while that is taken, again. Resolves when the server answers and has loaded its data. */
export async function launchRedis(launch: RedisLaunch): Promise<OwnedProcess> {
  const startMs = performance.now();
  for (;;) {
    const process = await tryLaunch(launch);
    if (process !== undefined) return process;
    if (performance.now() - startMs > PORT_WITHIN_MS) throw portTaken(launch.port);
    await sleep(25);
  }
}

/** Starts it once. Undefined where the port is taken. */
export async function tryLaunch(launch: RedisLaunch): Promise<OwnedProcess | undefined> {
  const { folder, admin } = launch;
  const process = await spawnRedis(launch);
  const deadlineMs = performance.now() + READY_WITHIN_MS;
  let strangers = 0;
  while (process.end === undefined && performance.now() < deadlineMs) {
    const answer = await identity(admin);
    if (answer?.pid === process.pid && !answer.loading) return process;
    if (answer !== undefined && answer.pid !== process.pid) strangers++;
    await sleep(2);
  }
  await process.kill();
  admin.close();
  const log = await readLog(folder);
  if (/address already in use/i.test(log)) return undefined;
  throw notStarted(launch, log, strangers);
}

/** What the server has written, one string. */
export function readLog(folder: string): Promise<string> {
  return readFile(logFile(folder), 'utf8').catch(() => '');
}

function logFile(folder: string): string {
  return join(folder, 'redis.log');
}

async function spawnRedis({ program, settings, port, folder }: RedisLaunch): Promise<OwnedProcess> {
  // A file rather than a pipe: a server is not to stand still because this process does not read.
  const log = await open(logFile(folder), 'w');
  try {
    const child = spawn(program.path, ['-', ...settings.args], {
      stdio: ['pipe', log.fd, log.fd],
      cwd: folder,
      env: { ...process.env, ...program.environment },
    });
    const input = child.stdin as Writable;
    input.on('error', () => undefined);
    if (child.pid === undefined) {
      const [error] = (await once(child, 'error')) as [Error];
      throw error;
    }
    // By way of its input: a password on the command line could be read by everybody.
    input.end(configuration(program, settings, port, folder));
    return new OwnedProcess(child as typeof child & { pid: number });
  } catch (cause) {
    throw cause instanceof CacheError
      ? cause
      : new CacheError('redis-server could not be started.', CacheErrorCode.STORE_UNAVAILABLE, { cause });
  } finally {
    await log.close();
  }
}

function configuration(
  program: FoundProgram,
  { password, configLines }: RedisServerSettings,
  port: number,
  folder: string,
): string {
  const lines = ['bind 127.0.0.1', `port ${port}`, 'save ""', 'appendonly no', `dir ${quoted(folder)}`];
  if (program.version >= 7) lines.push('enable-debug-command local');
  if (password !== undefined) lines.push(`requirepass ${quoted(password)}`);
  return `${[...lines, ...configLines].join('\n')}\n`;
}

/** Who answers at the port: it may be a server that somebody else started. Undefined while nobody does. */
async function identity(admin: AdminConnection): Promise<{ pid: number; loading: boolean } | undefined> {
  try {
    const info = String(await admin.send(['INFO'], 1000));
    return { pid: Number(/^process_id:(\d+)/m.exec(info)?.[1]), loading: /^loading:1/m.test(info) };
  } catch (error) {
    // A stranger's password is not ours.
    return isCacheError(error, CacheErrorCode.STORE_FAILED) ? { pid: Number.NaN, loading: false } : undefined;
  }
}

function notStarted({ settings, port }: RedisLaunch, log: string, strangers: number): CacheError {
  const lines = log.trim().split('\n').slice(-6).join('\n').slice(-800);
  const shown = settings.password === undefined ? lines : lines.replaceAll(settings.password, '***');
  const advice =
    strangers > 0
      ? 'Another server answers there, or asks for a password (use the option password); a REDIS_SERVER must be the program itself, not a script around it.'
      : 'Check the options config and args.';
  return new CacheError(
    `redis-server did not start on port ${port}. ${advice} It says:\n${shown}`,
    CacheErrorCode.STORE_UNAVAILABLE,
  );
}

function portTaken(port: number): CacheError {
  return new CacheError(
    `redis-server could not be started: port ${port} is taken. Leave the option port out to get a free one.`,
    CacheErrorCode.STORE_UNAVAILABLE,
  );
}
