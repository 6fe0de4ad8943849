import type { StampName } from '@larder/cache-core/store';

/** The part of a channel's name that says which messages are on it. */
const BUS_FORMAT = 1;

/**
 * Names of all that a store has in Redis. Nothing else makes or takes apart such a name.
 *
 * | key | type | holds |
 * | --- | --- | --- |
 * | `<prefix>v<address>` | string | an entry |
 * | `<prefix>l<address>` | string | a lease |
 * | `<prefix>s:<stamp name>` | string | a stamp, `epoch:seq` |
 * | `<prefix>clear` | string | the root stamp |
 * | `<prefix>seq` | string | the number of the last announcement |
 * | `<prefix>bus:1:<database>` | channel | announcements; channels are shared by all databases of a server |
 *
 * An address is `:<key>`, or `@<namespace>:<key>`.
 */
export class KeyLayout {
  readonly prefix: string;
  readonly seq: string;
  readonly clear: string;
  readonly channel: string;

  constructor(prefix: string, database: number) {
    this.prefix = prefix;
    this.seq = `${prefix}seq`;
    this.clear = `${prefix}clear`;
    this.channel = `${prefix}bus:${BUS_FORMAT}:${database}`;
  }

  value(address: string): string {
    return `${this.prefix}v${address}`;
  }

  lease(address: string): string {
    return `${this.prefix}l${address}`;
  }

  stamp(name: StampName): string {
    return name === '' ? this.clear : `${this.prefix}s:${name}`;
  }

  /** The address of an entry's key; null for a key of any other kind. */
  address(valueKey: string): string | null {
    const start = this.prefix.length + 1;
    if (!valueKey.startsWith(`${this.prefix}v`)) return null;
    const first = valueKey[start];
    return first === ':' || first === '@' ? valueKey.slice(start) : null;
  }

  /** A glob for `SCAN MATCH` that finds every entry whose address begins with this, and matches `rest` after it. */
  glob(addressStart: string, rest = '*'): string {
    return escapeGlob(this.value(addressStart)) + rest;
  }
}

/** Text that a Redis glob takes literally. */
export function escapeGlob(text: string): string {
  return text.replace(/[*?[\]\\^-]/g, '\\$&');
}
