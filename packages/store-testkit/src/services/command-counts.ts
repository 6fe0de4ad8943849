/**
 * How often a server ran each command: `INFO commandstats`, less what was sent to ask. Names are in lower case;
 * from Redis 7 on a subcommand is `config|get`.
 */
export class CommandCounts {
  readonly #own = new Map<string, number>();

  /** One of the commands that were sent to ask or to reset: not to be counted. */
  addOwn(command: string, subcommand?: string): void {
    const name = subcommand === undefined ? command : `${command}|${subcommand}`;
    this.#own.set(name, (this.#own.get(name) ?? 0) + 1);
  }

  /** The server counts from 0 again. */
  reset(): void {
    this.#own.clear();
  }

  /** What an `INFO commandstats` says; names that were never called are left out. */
  read(info: string): Map<string, number> {
    const counts = new Map<string, number>();
    for (const [, name = '', calls] of info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)) {
      counts.set(name, Number(calls));
    }
    for (const [name, calls] of this.#own) {
      const counted = counts.has(name) ? name : name.split('|', 1)[0]!;
      const others = (counts.get(counted) ?? 0) - calls;
      if (others > 0) counts.set(counted, others);
      else counts.delete(counted);
    }
    return counts;
  }
}
