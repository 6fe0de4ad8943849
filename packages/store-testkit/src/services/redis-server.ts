import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CacheError, CacheErrorCode } from '@larder/cache-core';
import { checkOptions, invalidOption } from '@larder/cache-core/store';
import { AdminConnection } from './admin-connection.ts';
import { CommandCounts } from './command-counts.ts';
import { freePort } from './free-port.ts';
import type { OwnedProcess } from './owned-process.ts';
import { theReaper } from './reaper.ts';
import { launchRedis, type RedisLaunch, readLog, tryLaunch } from './redis-launch.ts';
import {
  type RedisServerOptions,
  type RedisServerSettings,
  type RestartOptions,
  resolveRedisServerOptions,
} from './redis-server-options.ts';
import { type RespReply, ServerRefusal } from './resp-reply.ts';
import { findProgram, REDIS_PROGRAM } from './server-program.ts';

/** What a command answers: bulk strings as text (or as bytes), errors inside of arrays as errors. */
export type CommandReply<Bulk = string> =
  | Bulk
  | string
  | number
  | null
  | Error
  | readonly CommandReply<Bulk>[];

const HOST = '127.0.0.1';
const PORT_ATTEMPTS = 20;
const COMMAND_TIMEOUT_MS = 5000;

/**
 * A real Redis server for tests, on a free port of the loopback, with nothing persisted and a temporary folder of its own.
 * It ends with this process, however that ends. Each of its faults is a method; clients see what they would see of a server
 * that hangs, dies or comes back.
 *
 * The program is taken from the variable `REDIS_SERVER`, from PATH, or fetched from the system's packages.
 */
export class RedisServer {
  readonly host = HOST;
  /** Stays the same over restarts. */
  readonly port: number;
  /** `redis://127.0.0.1:<port>`, with the password if there is one. */
  readonly url: string;
  readonly #launch: RedisLaunch;
  readonly #admin: AdminConnection;
  readonly #counts: CommandCounts;
  #process: OwnedProcess;
  #stopped = false;

  private constructor(launch: RedisLaunch, counts: CommandCounts, process: OwnedProcess) {
    this.#launch = launch;
    this.#admin = launch.admin;
    this.#counts = counts;
    this.#process = process;
    const { password } = launch.settings;
    const user = password === undefined ? '' : `:${encodeURIComponent(password)}@`;
    this.port = launch.port;
    this.url = `redis://${user}${HOST}:${this.port}`;
  }

  /**
   * Starts one: about 30 ms where the program is at hand. Resolves when it answers.
   *
   * @throws CacheError `INVALID_CONFIGURATION` for an option that cannot be, and where no program can be had: it names all
   *   ways to provide one. `STORE_UNAVAILABLE` where it does not start, with what it says.
   */
  static async start(options?: RedisServerOptions): Promise<RedisServer> {
    const settings = resolveRedisServerOptions(options);
    const program = await findProgram(REDIS_PROGRAM);
    const folder = await theReaper().newFolder('redis');
    const prepare = (port: number, counts: CommandCounts): RedisLaunch => {
      const onAuth = (): void => counts.addOwn('auth');
      const admin = new AdminConnection({ host: HOST, port, password: settings.password, onAuth });
      return { program, settings, port, folder, admin };
    };
    try {
      return await RedisServer.#startSomewhere(settings, prepare);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /**
   * Makes sure that the program is at hand, and fetches it where it is not: so that no test's time limit has to cover that.
   * For a set-up that runs once before all tests. Resolves with its path.
   *
   * @throws CacheError `INVALID_CONFIGURATION` as {@link start}
   */
  static async provide(): Promise<string> {
    return (await findProgram(REDIS_PROGRAM)).path;
  }

  static async #startSomewhere(
    settings: RedisServerSettings,
    prepare: (port: number, counts: CommandCounts) => RedisLaunch,
  ): Promise<RedisServer> {
    const counts = new CommandCounts();
    if (settings.port !== undefined) {
      const launch = prepare(settings.port, counts);
      return await RedisServer.#ready(launch, counts, await launchRedis(launch));
    }
    for (let attempt = 1; ; attempt++) {
      const launch = prepare(await freePort(), counts);
      const process = attempt < PORT_ATTEMPTS ? await tryLaunch(launch) : await launchRedis(launch);
      if (process !== undefined) return await RedisServer.#ready(launch, counts, process);
    }
  }

  static async #ready(
    launch: RedisLaunch,
    counts: CommandCounts,
    process: OwnedProcess,
  ): Promise<RedisServer> {
    const server = new RedisServer(launch, counts, process);
    await server.resetCounts();
    return server;
  }

  /** Of the process that runs now, or ran last. */
  get pid(): number {
    return this.#process.pid;
  }

  /** Whether the process lives; paused counts. */
  get running(): boolean {
    return this.#process.end === undefined;
  }

  /**
   * Carries out one command on a connection of its own, apart from any client under test:
   * `await server.command<number>('DBSIZE')`. Bulk strings come as text.
   *
   * @throws CacheError `STORE_FAILED` for an error reply, `STORE_UNAVAILABLE` without a server, `OPERATION_TIMEOUT` after
   *   5 s without a reply. A command that was on its way then may still be carried out.
   */
  async command<T extends CommandReply = CommandReply>(
    ...args: (string | number | Uint8Array)[]
  ): Promise<T> {
    return plain(await this.#send(args), (bytes) => bytes.toString()) as T;
  }

  /** As {@link command}, with bulk strings as bytes. */
  async commandBuffer<T extends CommandReply<Buffer> = CommandReply<Buffer>>(
    ...args: (string | number | Uint8Array)[]
  ): Promise<T> {
    return plain(await this.#send(args), (bytes) => bytes) as T;
  }

  /**
   * How often each command ran since the start or {@link resetCounts}, by name in lower case; also those that scripts ran,
   * and those of {@link command}. From Redis 7 on a subcommand counts for itself: `client|setinfo`.
   */
  async commandCounts(): Promise<Map<string, number>> {
    const info = String(await this.#send(['INFO', 'commandstats']));
    const counts = this.#counts.read(info);
    this.#counts.addOwn('info');
    return counts;
  }

  /** Counts from 0 again. */
  async resetCounts(): Promise<void> {
    await this.#send(['CONFIG', 'RESETSTAT']);
    this.#counts.reset();
    this.#counts.addOwn('config', 'resetstat');
  }

  /** Stops it in its tracks (SIGSTOP): connections stay, new ones are accepted by the system, nothing is answered. */
  async pause(): Promise<void> {
    await this.#process.pause();
  }

  /** Lets it go on (SIGCONT), with all that was sent to it meanwhile. */
  async resume(): Promise<void> {
    await this.#process.resume();
  }

  /** Ends it as a crash does (SIGKILL): its connections break, new ones are refused. Resolves when it is gone. */
  async kill(): Promise<void> {
    await this.#process.kill();
    this.#admin.close();
  }

  /**
   * Keeps what it holds now, for `restart({ data: 'snapshot' })`: the server that comes back with data of yesterday.
   *
   * @throws CacheError as {@link command}
   */
  async saveSnapshot(): Promise<void> {
    await this.#save();
    await copyFile(this.#file('dump.rdb'), this.#file('snapshot.rdb'));
  }

  /**
   * Kills it if it runs, and starts it again on the same port: 30 ms during which clients are refused. Counts of commands
   * begin anew.
   *
   * @throws CacheError `CLOSED` after {@link stop}; `INVALID_CONFIGURATION` for `data: 'kept'` of a server that does not
   *   run, or `'snapshot'` without one; `STORE_UNAVAILABLE` where it does not come back.
   */
  async restart(options?: RestartOptions): Promise<void> {
    if (this.#stopped) throw stopped();
    const { data = 'empty' } = checkOptions(options, ['data'], 'restart options');
    if (!['empty', 'kept', 'snapshot'].includes(data)) {
      throw invalidOption('data', "'empty', 'kept' or 'snapshot'", data);
    }
    if (data === 'kept') await this.#save();
    await this.kill();
    if (data === 'empty') await rm(this.#file('dump.rdb'), { force: true });
    if (data === 'snapshot') await this.#bringSnapshot();
    this.#process = await launchRedis(this.#launch);
    await this.resetCounts();
  }

  /** What it has written to its log since its last start. */
  log(): Promise<string> {
    return readLog(this.#launch.folder);
  }

  /** Ends it, paused or not, and removes its files. Called again, nothing happens. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.kill();
    await rm(this.#launch.folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #send(args: readonly (string | number | Uint8Array)[]): Promise<RespReply> {
    if (this.#stopped) throw stopped();
    return await this.#admin.send(args, COMMAND_TIMEOUT_MS);
  }

  async #save(): Promise<void> {
    if (!this.running) {
      throw invalidOption('data', "'empty' or 'snapshot' for a server that does not run", 'kept');
    }
    await this.#send(['SAVE']);
  }

  async #bringSnapshot(): Promise<void> {
    try {
      await copyFile(this.#file('snapshot.rdb'), this.#file('dump.rdb'));
    } catch {
      throw invalidOption(
        'data',
        "'empty' or 'kept', as there is no snapshot",
        'snapshot',
        'Call saveSnapshot() first.',
      );
    }
  }

  #file(name: string): string {
    return join(this.#launch.folder, name);
  }
}

function plain<Bulk>(reply: RespReply, bulk: (bytes: Buffer) => Bulk): CommandReply<Bulk> {
  if (Buffer.isBuffer(reply)) return bulk(reply);
  if (reply instanceof ServerRefusal) return new Error(reply.text);
  if (typeof reply === 'object' && reply !== null) return reply.map((item) => plain(item, bulk));
  return reply;
}

function stopped(): CacheError {
  return new CacheError('The test server has been stopped. Start another.', CacheErrorCode.CLOSED);
}
