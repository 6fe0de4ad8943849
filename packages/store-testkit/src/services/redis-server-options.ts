import { checkOptions, invalidOption, wholeNumber } from '@larder/cache-core/store';

/** How a {@link RedisServer} is started. */
export interface RedisServerOptions {
  /** The port of 127.0.0.1, from 1 to 65535. Default: a free one, and another where that is taken meanwhile. */
  readonly port?: number;
  /** The password that clients must give, 1 character or more. Default: none. */
  readonly password?: string;
  /**
   * Lines of its configuration file, as `{ maxmemory: '4mb', 'client-output-buffer-limit': 'pubsub 32mb 8mb 60' }`: name
   * and value as they stand there. They overrule the defaults: nothing is persisted (`save ""`, `appendonly no`), and
   * `DEBUG` is allowed where the server is 7.0 or later.
   */
  readonly config?: Readonly<Record<string, string>>;
  /** More of its command line: `['--loadmodule', path]`. Default: nothing. */
  readonly args?: readonly string[];
}

/** What is asked of a restart. */
export interface RestartOptions {
  /**
   * What the server comes back with. `'empty'`, the default: nothing, as a server without persistence does. `'kept'`: all
   * that it holds; it must be running. `'snapshot'`: what it held at the last `saveSnapshot()`.
   */
  readonly data?: 'empty' | 'kept' | 'snapshot';
}

/** Options, checked. */
export interface RedisServerSettings {
  readonly port: number | undefined;
  readonly password: string | undefined;
  readonly configLines: readonly string[];
  readonly args: readonly string[];
}

/** @throws CacheError `INVALID_CONFIGURATION` */
export function resolveRedisServerOptions(options: RedisServerOptions | undefined): RedisServerSettings {
  const given = checkOptions(options, ['port', 'password', 'config', 'args'], 'RedisServer options');
  const { port, password, config = {}, args = [] } = given;
  if (port !== undefined) wholeNumber(port, 'port', { min: 1, max: 65_535 });
  if (password !== undefined && (typeof password !== 'string' || password === '')) {
    throw invalidOption('password', 'a string of 1 character or more', typeof password);
  }
  const configLines = Object.entries(config).map(([name, value]) => configLine(name, value));
  return { port, password, configLines, args: [...args] };
}

/** A value in the quotes of a configuration file, where each byte may be written in hexadecimal. */
export function quoted(text: string): string {
  const bytes = Buffer.from(text).toString('hex');
  return `"${bytes.replace(/../g, '\\x$&')}"`;
}

function configLine(name: string, value: string): string {
  if (/^[\w-]+$/.test(name) && typeof value === 'string' && !/[\r\n]/.test(value)) return `${name} ${value}`;
  throw invalidOption(
    `config.${name}`,
    'a name, and as value the rest of one line of a configuration file',
    value,
  );
}
