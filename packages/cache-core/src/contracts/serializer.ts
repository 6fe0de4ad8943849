/**
 * Turns values into text or bytes and back, for a store that keeps them outside the process.
 * What `serialize` answers is handed to `deserialize` as the same kind: text as a string, bytes as a `Uint8Array`.
 */
export interface Serializer {
  /**
   * Marks what this serializer wrote, so that a reader with another one sees a miss rather than nonsense: a whole
   * number from 0 to 255. 1 is JSON, 2 MessagePack; take one from 64 up for your own. Default 0, unmarked.
   */
  readonly format?: number;
  /** @throws anything, where the value cannot be written; the caller sees `SERIALIZATION_FAILED`. */
  serialize(value: unknown): string | Uint8Array;
  /** @throws anything, where the data cannot be read; the reader sees a miss. */
  deserialize<T = unknown>(data: string | Uint8Array): T;
}
