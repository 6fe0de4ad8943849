import type { CompressionOptions } from '../contracts/compressor.ts';
import type { Serializer } from '../contracts/serializer.ts';
import { CacheError, isCacheError } from '../errors/cache-error.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { byteCount, checkOptions, invalidOption, wholeNumber } from '../option-checks.ts';
import { checkValue } from '../value.ts';
import { isWellFormed } from '../well-formed.ts';
import { compressBytes, decompressExactly, isAvailable } from './compression.ts';
import { Compressor } from './compressor.ts';
import { corruptEntry } from './corrupt-entry.ts';
import type { EntryMeta } from './entry-meta.ts';
import { type Envelope, openEnvelope, type Payload, PayloadKind, sealEnvelope } from './envelope.ts';
import { JSONSerializer } from './json-serializer.ts';
import { deserializeFrom, MessagePackSerializer } from './message-pack-serializer.ts';
import { nativePayload, nativeValue } from './native-payload.ts';

export interface CodecOptions {
  /** How values become text or bytes. Default: a {@link MessagePackSerializer}. */
  readonly serializer?: Serializer | undefined;
  /** Default: values are not compressed, unless an entry asks for it (then gzip). */
  readonly compression?: CompressionOptions | undefined;
  /**
   * The largest value, in bytes once serialized, before it is compressed: a number, or a string such as `'4mb'`. Larger
   * ones are neither written nor read. Default 16 MB.
   */
  readonly maxValueBytes?: number | string | undefined;
  /** The largest entry that the store takes, all in all, after compression. Default `maxValueBytes` and 64 kB for the rest. */
  readonly maxEntryBytes?: number | string | undefined;
}

export interface Encoded {
  readonly bytes: Buffer;
  readonly compressed: boolean;
  /** A whole number, written so that a store can count on in a step of its own: the bytes end in `=<digits>=<digits>`. */
  readonly counter: boolean;
}

export interface Decoded {
  readonly value: unknown;
  readonly meta: DecodedMeta;
}

/** As {@link EntryMeta}, with nothing left out. */
export interface DecodedMeta extends EntryMeta {
  readonly tags: NonNullable<EntryMeta['tags']>;
  readonly dependencies: NonNullable<EntryMeta['dependencies']>;
}

const DEFAULT_MAX_VALUE_BYTES = 16 * 1024 * 1024;
/** Header, tags and dependencies, beyond the value. */
const ENVELOPE_ALLOWANCE_BYTES = 64 * 1024;
/** A compressed value is at most this many times as large when unpacked: gzip reaches 1,032, bombs of other formats far more. */
const MAX_RATIO = 1_000;

/**
 * What stands between values and the bytes of a store: value → serializer → compression → envelope, and back. It reads
 * what any codec has written, whatever its options, if it knows the serializer's format: its own and the two built in.
 *
 * Both ways answer at once, and with a promise only where something large is compressed in another thread.
 */
export class Codec {
  readonly maxValueBytes: number;
  readonly maxEntryBytes: number;
  readonly #serializer: Serializer;
  readonly #format: number;
  readonly #compressor: Compressor | null;
  /** Only with a serializer of ours: one of the user's own may encrypt, and is to see every value. */
  readonly #native: boolean;
  readonly #readers = new Map<number, Serializer>();

  /** @throws CacheError `INVALID_CONFIGURATION` */
  constructor(options?: CodecOptions) {
    const known = ['serializer', 'compression', 'maxValueBytes', 'maxEntryBytes'];
    const given = checkOptions(options, known, 'Codec options');
    this.#serializer = checkedSerializer(given.serializer ?? new MessagePackSerializer());
    this.#format = wholeNumber(this.#serializer.format ?? 0, 'serializer.format', { max: 255 });
    this.#compressor = given.compression === undefined ? null : new Compressor(given.compression);
    this.#native = isBuiltin(this.#serializer);
    this.#readers.set(this.#format, this.#serializer);
    const maxValueBytes = given.maxValueBytes ?? DEFAULT_MAX_VALUE_BYTES;
    this.maxValueBytes = Math.min(byteCount(maxValueBytes, 'maxValueBytes', { min: 1 }), 2 ** 32 - 1);
    const maxEntryBytes = given.maxEntryBytes ?? this.maxValueBytes + ENVELOPE_ALLOWANCE_BYTES;
    this.maxEntryBytes = byteCount(maxEntryBytes, 'maxEntryBytes', { min: 1 });
  }

  /**
   * @param address where the entry will be kept; it can be read under no other
   * @param compress for or against compression, whatever the threshold says; either way it is kept only if it is smaller
   * @throws CacheError, also as a rejection: `INVALID_VALUE` for `undefined`, a function, a symbol or a thenable,
   *   `SERIALIZATION_FAILED`, `VALUE_TOO_LARGE`, `INVALID_CONFIGURATION` for a meta that cannot be
   */
  encode(address: string, value: unknown, meta: EntryMeta, compress?: boolean): Encoded | Promise<Encoded> {
    const payload = (this.#native ? nativePayload(value) : undefined) ?? this.#serialize(address, value);
    if (payload.byteLength > this.maxValueBytes) throw this.#tooLarge(payload.byteLength);
    if (!this.#isWorthCompressing(payload, compress)) return this.#seal(address, payload, meta);
    const raw = typeof payload.data === 'string' ? Buffer.from(payload.data, 'utf8') : payload.data;
    const { algorithm, level } = this.#compressor ?? FALLBACK;
    const compressed = compressBytes(algorithm, level, raw);
    return compressed instanceof Promise
      ? compressed.then((data) => this.#sealSmaller(address, payload, data, meta))
      : this.#sealSmaller(address, payload, compressed, meta);
  }

  /**
   * @param start where in `bytes` the entry begins, if something of the store's own stands before it
   * @throws CacheError `CORRUPT_ENTRY` with `details.reason`, also as a rejection
   */
  decode(address: string, bytes: Uint8Array, start = 0): Decoded | Promise<Decoded> {
    if (bytes.length - start > this.maxEntryBytes)
      throw corruptEntry('size', `they are more than ${this.maxEntryBytes}`);
    const buffer = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const envelope = openEnvelope(address, buffer, start);
    if (envelope.keyId !== '') throw corruptEntry('encrypted', 'they are encrypted, and there is no key');
    if (envelope.algorithm === null) {
      this.#checkSize(buffer.length - envelope.payloadStart);
      return this.#decoded(envelope, buffer, envelope.payloadStart);
    }
    const raw = this.#decompress(envelope, buffer);
    return raw instanceof Promise
      ? raw.then((data) => this.#decoded(envelope, data, 0))
      : this.#decoded(envelope, raw, 0);
  }

  #serialize(address: string, value: unknown): Payload {
    checkValue(address, value);
    let data: string | Uint8Array;
    try {
      data = this.#serializer.serialize(value);
    } catch (error) {
      // What it threw is not passed on, unless it is one of ours: it may quote the value.
      throw isCacheError(error) ? error : serializerFault('threw');
    }
    const isText = typeof data === 'string';
    if (!isText && !(data instanceof Uint8Array))
      throw serializerFault('answered neither a string nor a Uint8Array');
    if (isText && !isWellFormed(data as string))
      throw serializerFault('answered text with half of a surrogate pair');
    // A character is a byte at least: text that is too long need not be counted.
    const byteLength =
      !isText || data.length > this.maxValueBytes ? data.length : Buffer.byteLength(data as string, 'utf8');
    const kind = isText ? PayloadKind.text : PayloadKind.bytes;
    return { kind, serializer: this.#format, data, byteLength, algorithm: null, rawBytes: 0, keyId: '' };
  }

  #isWorthCompressing(payload: Payload, compress: boolean | undefined): boolean {
    if (payload.kind === PayloadKind.counter || payload.byteLength === 0) return false;
    if (compress !== undefined) return compress;
    return this.#compressor !== null && payload.byteLength >= this.#compressor.threshold;
  }

  #sealSmaller(address: string, payload: Payload, data: Buffer, meta: EntryMeta): Encoded {
    const rawBytes = payload.byteLength;
    // What could not be told from a bomb is stored as it is.
    const kept = data.length + 4 < rawBytes && data.length * MAX_RATIO >= rawBytes;
    if (!kept) return this.#seal(address, payload, meta);
    const { algorithm } = this.#compressor ?? FALLBACK;
    return this.#seal(address, { ...payload, data, byteLength: data.length, algorithm, rawBytes }, meta);
  }

  #seal(address: string, payload: Payload, meta: EntryMeta): Encoded {
    if (payload.byteLength > this.maxEntryBytes) throw this.#tooLarge(payload.byteLength);
    const bytes = sealEnvelope(address, payload, meta);
    if (bytes.length > this.maxEntryBytes) throw this.#tooLarge(bytes.length);
    return { bytes, compressed: payload.algorithm !== null, counter: payload.kind === PayloadKind.counter };
  }

  #decompress(envelope: Envelope, buffer: Buffer): Buffer | Promise<Buffer> {
    const { algorithm, rawBytes, payloadStart } = envelope;
    this.#checkSize(rawBytes);
    const stream = buffer.subarray(payloadStart);
    if (rawBytes > stream.length * MAX_RATIO)
      throw corruptEntry('bomb', 'they would unpack to more than a thousand times their size');
    if (algorithm === null || !isAvailable(algorithm)) {
      throw corruptEntry('compression', `they are compressed with ${algorithm}, which this Node lacks`);
    }
    return decompressExactly(algorithm, stream, rawBytes);
  }

  #checkSize(rawBytes: number): void {
    if (rawBytes > this.maxValueBytes)
      throw corruptEntry('size', `the value has more than ${this.maxValueBytes}`);
  }

  #decoded(envelope: Envelope, buffer: Buffer, start: number): Decoded {
    const value =
      envelope.kind > PayloadKind.text
        ? nativeValue(envelope, buffer, start)
        : this.#deserialize(envelope, buffer, start);
    return { value, meta: envelope };
  }

  #deserialize(envelope: Envelope, buffer: Buffer, start: number): unknown {
    const serializer = this.#readerOf(envelope.serializer);
    const isBytes = envelope.kind === PayloadKind.bytes;
    try {
      if (isBytes && isMessagePack(serializer)) return deserializeFrom(serializer, buffer, start);
      const data = isBytes
        ? buffer.subarray(start)
        : buffer.toString(envelope.oneByteText ? 'latin1' : 'utf8', start);
      return serializer.deserialize(data);
    } catch (error) {
      if (isCacheError(error, CacheErrorCode.CORRUPT_ENTRY)) throw error;
      throw corruptEntry('payload', 'the serializer refuses them');
    }
  }

  #readerOf(format: number): Serializer {
    let reader = this.#readers.get(format);
    if (reader === undefined && format === 1) reader = new JSONSerializer();
    if (reader === undefined && format === 2) reader = new MessagePackSerializer();
    if (reader === undefined) throw corruptEntry('serializer', `no serializer here reads format ${format}`);
    this.#readers.set(format, reader);
    return reader;
  }

  #tooLarge(bytes: number): CacheError {
    const { maxValueBytes, maxEntryBytes } = this;
    return new CacheError(
      `The value takes ${bytes} bytes or more; the limits are maxValueBytes ${maxValueBytes} before compression and ` +
        `${maxEntryBytes} bytes for the whole entry. Store less, split it, or raise maxValueBytes as far as the store allows.`,
      CacheErrorCode.VALUE_TOO_LARGE,
      { details: { bytes, maxValueBytes, maxEntryBytes } },
    );
  }
}

/** For an entry that asks to be compressed where no compression is configured. */
const FALLBACK = { algorithm: 'gzip', level: 1 } as const;

function serializerFault(what: string): CacheError {
  return new CacheError(
    `The value cannot be stored: the serializer ${what}. Try it on the value alone to see why.`,
    CacheErrorCode.SERIALIZATION_FAILED,
  );
}

function checkedSerializer(serializer: unknown): Serializer {
  const { serialize, deserialize } = (serializer ?? {}) as Partial<Serializer>;
  if (typeof serialize === 'function' && typeof deserialize === 'function') return serializer as Serializer;
  throw invalidOption(
    'serializer',
    'an object with the methods serialize and deserialize',
    serializer,
    'Pass an instance, such as new JSONSerializer().',
  );
}

function isBuiltin(serializer: Serializer): boolean {
  return isMessagePack(serializer) || Object.getPrototypeOf(serializer) === JSONSerializer.prototype;
}

/** Exactly ours: a subclass may read in its own way. */
function isMessagePack(serializer: Serializer): serializer is MessagePackSerializer {
  return Object.getPrototypeOf(serializer) === MessagePackSerializer.prototype;
}
