/** What a Redis server answers, bulk strings as bytes. */
export type RespReply = Buffer | string | number | null | ServerRefusal | readonly RespReply[];

/** An error reply, as data: it may stand inside an array. */
export class ServerRefusal {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const CR = 0x0d;
const UNFINISHED = Symbol('unfinished');

/** Cuts a stream of bytes into the replies of RESP 2. */
export class RespReader {
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;

  /** All replies that are complete now. @throws Error where the bytes are no RESP 2 */
  read(chunk: Buffer): RespReply[] {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    const replies: RespReply[] = [];
    for (;;) {
      this.#at = 0;
      const reply = this.#next();
      if (reply === UNFINISHED) return replies;
      replies.push(reply);
      this.#bytes = this.#bytes.subarray(this.#at);
    }
  }

  #next(): RespReply | typeof UNFINISHED {
    const line = this.#line();
    if (line === undefined) return UNFINISHED;
    const rest = line.slice(1);
    switch (line[0]) {
      case '+':
        return rest;
      case '-':
        return new ServerRefusal(rest);
      case ':':
        return Number(rest);
      case '$':
        return this.#bulk(Number(rest));
      case '*':
        return this.#array(Number(rest));
      default:
        throw new Error('what the server sent is not RESP 2');
    }
  }

  #bulk(length: number): Buffer | null | typeof UNFINISHED {
    if (length < 0) return null;
    const end = this.#at + length;
    if (this.#bytes.length < end + 2) return UNFINISHED;
    // A copy: the chunk that it came in may be large and is not to live as long.
    const bytes = Buffer.from(this.#bytes.subarray(this.#at, end));
    this.#at = end + 2;
    return bytes;
  }

  #array(length: number): RespReply | typeof UNFINISHED {
    if (length < 0) return null;
    const items: RespReply[] = [];
    while (items.length < length) {
      const item = this.#next();
      if (item === UNFINISHED) return UNFINISHED;
      items.push(item);
    }
    return items;
  }

  #line(): string | undefined {
    const end = this.#bytes.indexOf(CR, this.#at);
    if (end < 0 || end + 1 >= this.#bytes.length) return undefined;
    const line = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end + 2;
    return line;
  }
}

/** The bytes of a command. */
export function encodeCommand(args: readonly (string | number | Uint8Array)[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${args.length}\r\n`)];
  for (const arg of args) {
    const bytes = typeof arg === 'object' ? Buffer.from(arg) : Buffer.from(String(arg));
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'));
  }
  return Buffer.concat(parts);
}
