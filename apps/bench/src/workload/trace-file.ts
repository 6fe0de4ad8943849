import { open } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { createGunzip } from 'node:zlib';
import { shownArgument } from '../options/option-value.ts';
import { UsageError } from '../usage-error.ts';
import { type Trace, TraceBuilder } from './trace.ts';

/** Longer than any key in a trace; shorter than what a file without line ends would fill the memory with. */
const LONGEST_KEY_BYTES = 4096;
const GZIP_MAGIC = [0x1f, 0x8b];
const NEW_LINE = 0x0a;

/**
 * Reads a trace: one key a line, UTF-8; a carriage return at the end and empty lines are passed over. Whether it is
 * gzipped is seen from its first bytes.
 *
 * @throws UsageError one line, for whatever cannot be read or is no trace
 */
export async function readTraceFile(path: string): Promise<Trace> {
  const trace = new TraceBuilder();
  const lines = new KeyLines((key) => trace.add(key));
  try {
    for await (const chunk of await openTrace(path)) lines.push(chunk as Buffer);
    lines.end();
  } catch (error) {
    throw new UsageError(`--trace ${shownArgument(path)} cannot be read: ${reasonOf(error)}.`);
  }
  if (trace.requests > 0) return trace.build(basename(path));
  throw new UsageError(`--trace ${shownArgument(path)} cannot be read: there is no key in it.`);
}

class TraceFault extends Error {}

async function openTrace(path: string): Promise<AsyncIterable<unknown>> {
  const file = await open(path);
  try {
    if ((await file.stat()).isDirectory()) throw new TraceFault('it is a folder');
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(2), length: 2, position: 0 });
    const gzipped = bytesRead === 2 && GZIP_MAGIC.every((byte, place) => buffer[place] === byte);
    if (!gzipped && extname(path) === '.gz' && bytesRead > 0) {
      throw new TraceFault('its name says .gz, but it is not gzipped');
    }
    const bytes = file.createReadStream({ start: 0 });
    if (!gzipped) return bytes;
    const unzipped = createGunzip();
    bytes.on('error', (error) => unzipped.destroy(error));
    return bytes.pipe(unzipped);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Cuts bytes into lines. */
class KeyLines {
  readonly #add: (key: string) => void;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  #rest: Buffer = Buffer.alloc(0);
  #line = 0;

  constructor(add: (key: string) => void) {
    this.#add = add;
  }

  push(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(NEW_LINE); end !== -1; end = bytes.indexOf(NEW_LINE, start)) {
      this.#take(bytes.subarray(start, end));
      start = end + 1;
    }
    this.#rest = bytes.subarray(start);
    if (this.#rest.length > LONGEST_KEY_BYTES) this.#take(this.#rest);
  }

  end(): void {
    if (this.#rest.length > 0) this.#take(this.#rest);
  }

  #take(bytes: Buffer): void {
    this.#line++;
    if (bytes.length > LONGEST_KEY_BYTES) {
      throw new TraceFault(
        `line ${this.#line} is longer than ${LONGEST_KEY_BYTES} bytes; a trace has one key a line`,
      );
    }
    const key = this.#text(bytes).trimEnd();
    if (key !== '') this.#add(key);
  }

  #text(bytes: Buffer): string {
    try {
      if (!bytes.includes(0)) return this.#decoder.decode(bytes);
    } catch {
      // Falls through to the same answer as for a NUL.
    }
    throw new TraceFault(`line ${this.#line} is not text; a trace has one key a line`);
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof TraceFault) return error.message;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'there is no such file';
  if (code === 'EACCES' || code === 'EPERM') return 'this user may not read it';
  if (code === 'Z_BUF_ERROR') return 'its gzip data ends too early';
  if (code.startsWith('Z_')) return 'its gzip data is damaged';
  return code === '' ? String((error as Error).message) : code;
}
