/** What the source answers. It says itself whose value it is, so that every answer of a cache can be checked. */
export interface SourceValue {
  readonly key: string;
  /** Grows with each change of the key in the source. */
  readonly version: number;
  /** As many characters, and so bytes, as were asked for. */
  readonly body: string;
}

/** A value with a body of its own, in one piece of memory as it would come from a socket. */
export function sourceValue(key: string, version: number, bytes: number): SourceValue {
  return {
    key,
    version,
    body: Buffer.alloc(bytes, `${version}.${key.replace(/[^\x20-\x7e]/g, '?')}|`).toString('latin1'),
  };
}
