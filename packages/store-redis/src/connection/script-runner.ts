import { createHash } from 'node:crypto';
import { isCacheError } from '@larder/cache-core';

/** A Lua script, and the SHA-1 that a server knows it by. */
export interface Script {
  readonly source: string;
  readonly sha: string;
}

export function defineScript(source: string): Script {
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}

/** Where commands go. */
export interface CommandSender {
  send(command: string, args: readonly (string | Buffer | number)[]): Promise<unknown>;
}

/** Runs scripts by their hash; a server that has forgotten one (restart, `SCRIPT FLUSH`, failover) is sent the source. */
export class ScriptRunner {
  readonly #sender: CommandSender;

  constructor(sender: CommandSender) {
    this.#sender = sender;
  }

  /**
   * One round trip, or two where the server does not know the script. The script has not run at all before the second.
   * @throws what {@link CommandSender.send} throws
   */
  async run(
    script: Script,
    keys: readonly string[],
    args: readonly (string | Buffer | number)[],
  ): Promise<unknown> {
    const rest = [keys.length, ...keys, ...args];
    try {
      return await this.#sender.send('evalsha', [script.sha, ...rest]);
    } catch (error) {
      if (!isCacheError(error) || error.details?.reply !== 'NOSCRIPT') throw error;
      return this.#sender.send('eval', [script.source, ...rest]);
    }
  }
}
