import { clearSource, Packr, Unpackr } from 'msgpackr';
import type { Serializer } from '../contracts/serializer.ts';
import { CacheError } from '../errors/cache-error.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { checkOptions } from '../option-checks.ts';
import { corruptEntry } from './corrupt-entry.ts';
import { hasTooManyMaps, MAX_MAPS } from './map-bomb.ts';
import { faultForMessagePack, isKept } from './message-pack-fidelity.ts';
import { findFault, MAX_DEPTH, unserializable } from './value-fault.ts';

/** MessagePackSerializer has no options. */
export type MessagePackSerializerOptions = Readonly<Record<never, never>>;

const ADVICE = 'Store plain data instead, such as what is needed of it in an object.';
/** Beyond this many arrays and objects the quick look gives way to one that sees each shared part once. */
const QUICK_CONTAINERS = 2 ** 22;

/** As `deserialize`, of the bytes from `start` on, without a view of them. */
export let deserializeFrom: (serializer: MessagePackSerializer, data: Buffer, start: number) => unknown;

/**
 * Stores values as MessagePack: smaller than JSON, faster to read from about 1 kB up, and with far more types.
 *
 * What comes back equals what went in: everything that JSON has, and `undefined`, `NaN`, infinities, bigints of any size,
 * dates (invalid ones too), maps, sets, regular expressions, buffers, typed arrays, `ArrayBuffer`, `DataView`, the standard
 * errors, parts that are referred to twice, and cycles, up to 1,024 levels deep. Everything that would be changed silently
 * is refused at `set` with `SERIALIZATION_FAILED` and the path to it: functions, symbols, instances of other classes (`URL`,
 * subclasses, `AggregateError`, boxed primitives), errors with own properties such as a `code`, holes in arrays, lone
 * surrogates, the keys `__proto__` and `__keys__`. What may differ: `-0` comes back as 0, an object without a prototype as
 * a plain one, an error with another `stack`, a regular expression with `lastIndex` 0; properties that are not enumerable,
 * and named ones of arrays and typed arrays, are not stored.
 */
export class MessagePackSerializer implements Serializer {
  readonly format = 2;
  #packr = createPackr();
  /** An own instance, so that nothing that bytes define is remembered where values are packed. */
  readonly #unpackr = new Unpackr({ copyBuffers: true, moreTypes: true });

  /** @throws CacheError `INVALID_CONFIGURATION` */
  constructor(options?: MessagePackSerializerOptions) {
    checkOptions(options, [], 'MessagePackSerializer options');
  }

  /** Bytes that can be read alone: no structure is shared between values. @throws CacheError `SERIALIZATION_FAILED` */
  serialize(value: unknown): Uint8Array {
    try {
      if (!isKept(value, MAX_DEPTH, { containers: QUICK_CONTAINERS, maps: MAX_MAPS })) checkThoroughly(value);
      return this.#packr.pack(value);
    } catch (error) {
      // A half-done pack may leave ids of structures behind that the next value would refer to.
      this.#packr = createPackr();
      throw error instanceof CacheError ? error : unreadable();
    }
  }

  /**
   * Buffers in the answer are copies of their own.
   * @throws CacheError `CORRUPT_ENTRY` where the data is anything but exactly one value
   */
  deserialize<T = unknown>(data: string | Uint8Array): T {
    if (typeof data === 'string') throw corruptEntry('payload', 'MessagePack is bytes, and this is a string');
    const bytes = Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    return this.#read(bytes, 0) as T;
  }

  #read(data: Buffer, start: number): unknown {
    const bytes = data.length - start <= DESK_BYTES ? onDesk(data, start) : data.subarray(start);
    if (hasTooManyMaps(bytes)) throw corruptEntry('payload', `they hold more than ${MAX_MAPS} maps`);
    let value: unknown;
    let end = -1;
    try {
      // Not `unpack`: where bytes follow the value, that writes the value out as JSON for its message, however long it takes.
      this.#unpackr.unpackMultiple(bytes, (first: unknown, _start?: number, position?: number) => {
        value = first;
        end = position ?? -1;
        return false;
      });
    } catch {
      clearSource();
    }
    if (end !== bytes.length) throw corruptEntry('payload', 'they are not one MessagePack value');
    return value;
  }

  static {
    deserializeFrom = (serializer, data, start) => serializer.#read(data, start);
  }
}

/** Values of up to so many bytes are copied before they are read. */
const DESK_BYTES = 1024;
/** Where they are copied to, and its beginnings by their length. */
const desk = Buffer.alloc(DESK_BYTES);
const beginnings: Buffer[] = [];

/**
 * The bytes from `start` on, in a place that is used again. msgpackr keeps something for every Buffer that it reads, and to make that
 * for one that it has not seen takes longer than reading a small value. Whatever it answers is a copy.
 */
function onDesk(data: Buffer, start: number): Buffer {
  const length = data.length - start;
  let bytes = beginnings[length];
  if (bytes === undefined) {
    bytes = desk.subarray(0, length);
    beginnings[length] = bytes;
  }
  data.copy(desk, 0, start);
  return bytes;
}

function createPackr(): Packr {
  // A toJSON would be called for what a look through the value has let pass; nothing that has one does.
  return new Packr({ structuredClone: true, moreTypes: true, useToJSON: false } as object);
}

/** For values that the quick look gave up on. */
function checkThoroughly(value: unknown): void {
  // msgpackr puts a plain object in the place of an error that is referred to from within itself.
  const mayContainItself = (part: object) => !(part instanceof Error);
  let maps = 0;
  const faultOf = (part: unknown) =>
    part instanceof Map && ++maps > MAX_MAPS
      ? `one of more than ${MAX_MAPS} maps`
      : faultForMessagePack(part);
  const fault = findFault(value, { faultOf, mayContainItself });
  if (fault !== undefined) throw unserializable(fault, ADVICE);
}

/** Errors of getters and of msgpackr are not passed on: they may quote the value. */
function unreadable(): CacheError {
  return new CacheError(
    `The value cannot be stored as MessagePack: reading it threw, or it is too large. ${ADVICE}`,
    CacheErrorCode.SERIALIZATION_FAILED,
  );
}
