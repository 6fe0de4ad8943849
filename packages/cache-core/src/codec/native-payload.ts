import { isWellFormed } from '../well-formed.ts';
import { corruptEntry } from './corrupt-entry.ts';
import { type Envelope, type Payload, PayloadKind } from './envelope.ts';

/** `=<digits>=<the same digits>`: see the layout in `envelope.ts`. */
const COUNTER = /^=(-?\d{1,16})=\1$/;
const LONGEST_COUNTER_BYTES = 36;

/** The payload of a value that needs no serializer: text, bytes, and whole numbers, which a store can count on. */
export function nativePayload(value: unknown): Payload | undefined {
  if (typeof value === 'string') {
    return isWellFormed(value)
      ? payloadOf(PayloadKind.string, value, Buffer.byteLength(value, 'utf8'))
      : undefined;
  }
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) return undefined;
    const data = counterText(value);
    return payloadOf(PayloadKind.counter, data, data.length);
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Buffer.prototype)
    return payloadOf(PayloadKind.buffer, value as Buffer, (value as Buffer).length);
  if (prototype === Uint8Array.prototype) {
    return payloadOf(PayloadKind.uint8Array, value as Uint8Array, (value as Uint8Array).length);
  }
  return undefined;
}

/** A whole number as a store keeps it: a script that counts writes exactly this. */
function counterText(value: number): string {
  return `=${value}=${value}`;
}

/** The value of such a payload, which takes `buffer` from `start` to its end. Bytes are copies. */
export function nativeValue(envelope: Envelope, buffer: Buffer, start: number): unknown {
  switch (envelope.kind) {
    case PayloadKind.string:
      return buffer.toString(envelope.oneByteText ? 'latin1' : 'utf8', start);
    case PayloadKind.buffer:
      // Not Buffer.from, which would cut small ones from a slab that they then keep in memory.
      return Uint8Array.prototype.slice.call(buffer, start);
    case PayloadKind.uint8Array:
      return new Uint8Array(buffer.subarray(start));
    default:
      return counterValue(buffer, start);
  }
}

function counterValue(buffer: Buffer, start: number): number {
  if (buffer.length - start <= LONGEST_COUNTER_BYTES) {
    const digits = COUNTER.exec(buffer.toString('latin1', start))?.[1];
    if (digits !== undefined && Number.isSafeInteger(Number(digits))) return Number(digits);
  }
  throw corruptEntry('payload', 'they are not a counter');
}

function payloadOf(kind: PayloadKind, data: string | Uint8Array, byteLength: number): Payload {
  return { kind, serializer: 0, data, byteLength, algorithm: null, rawBytes: 0, keyId: '' };
}
