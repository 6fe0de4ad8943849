import { corruptEntry } from './corrupt-entry.ts';

/** Reads texts and counts, as envelope extras have them, one after another; never beyond `end`. Throws `CORRUPT_ENTRY`. */
export class NameReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;

  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  text(): string {
    const length = this.#uint16();
    const start = this.#at;
    if (length > this.#end - start) throw corruptEntry('truncated', 'they end within a name');
    this.#at += length;
    return this.#bytes.toString('utf8', start, this.#at);
  }

  /** How many names follow, known to have room for at least their lengths. */
  count(most: number): number {
    const count = this.#uint16();
    if (count > most) throw corruptEntry('header', `they have more than ${most} names`);
    if (count * 2 > this.#end - this.#at) throw corruptEntry('truncated', 'they end within the names');
    return count;
  }

  atEnd(): boolean {
    return this.#at === this.#end;
  }

  #uint16(): number {
    if (this.#end - this.#at < 2) throw corruptEntry('truncated', 'they end within a name');
    const value = this.#bytes.readUInt16BE(this.#at);
    this.#at += 2;
    return value;
  }
}
