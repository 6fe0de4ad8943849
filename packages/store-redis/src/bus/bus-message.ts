import { isUtf8 } from 'node:buffer';
import type { BusMessage } from '@larder/cache-core/store';

/** A longer message is not looked at. */
export const MAX_MESSAGE_BYTES = 1024 * 1024;
/** What epoch and numbers may take of that. */
const HEADER_BYTES = 128;
const HEADER = /^([0-9a-f]{1,32}) (\d{1,16}) (\d{1,16}) (?=\{)/;
/** Stands for names that are too many to be sent. */
const EVERYTHING = '*';

/** A message as it stands in the channel: its place in the sequence, whose it is, and what it names. */
export interface Announcement {
  /** Which life of the server's data this is. */
  readonly epoch: string;
  /** The number before this one; 0 where this begins an epoch. */
  readonly prev: number;
  readonly seq: number;
  /** Who has announced it; `''` where a script did so by itself. */
  readonly origin: string;
  /** Which operation of the origin it belongs to. */
  readonly operation: number;
  /** Null: too many names for one message. */
  readonly names: BusMessage | null;
}

/**
 * The part of an announcement that its sender writes. What would be too long for a message says instead that everything may
 * be concerned.
 */
export function clientPart(origin: string, operation: number, names: BusMessage): string {
  const part = JSON.stringify({ o: origin, n: operation, k: names.keys, t: names.stamps });
  return Buffer.byteLength(part) <= MAX_MESSAGE_BYTES - HEADER_BYTES
    ? part
    : JSON.stringify({ o: origin, n: operation, k: EVERYTHING, t: [] });
}

/** The message in as many parts as it takes so that each fits into one. */
export function inMessages(names: BusMessage): BusMessage[] {
  if (fits(Buffer.byteLength(JSON.stringify([names.keys, names.stamps])))) return [names];
  const parts: { keys: string[]; stamps: string[] }[] = [];
  let bytes = Infinity;
  const add = (name: string, member: 'keys' | 'stamps'): void => {
    const more = Buffer.byteLength(JSON.stringify(name)) + 1;
    bytes += more;
    if (!fits(bytes)) {
      parts.push({ keys: [], stamps: [] });
      bytes = more;
    }
    parts.at(-1)![member].push(name);
  };
  for (const key of names.keys) add(key, 'keys');
  for (const stamp of names.stamps) add(stamp, 'stamps');
  return parts;
}

/**
 * Reads what has come over the channel. Null for whatever is not an announcement of this format: nothing in it is believed.
 * Members that are not known are passed over.
 */
export function readAnnouncement(bytes: Buffer): Announcement | null {
  // Text that is no UTF-8 would be decoded to other names than were sent.
  if (bytes.length > MAX_MESSAGE_BYTES || !isUtf8(bytes)) return null;
  const text = bytes.toString();
  const header = HEADER.exec(text);
  if (header === null) return null;
  const prev = Number(header[2]);
  const seq = Number(header[3]);
  if (!Number.isSafeInteger(seq) || prev >= seq) return null;
  const part = parse(text.slice(header[0].length));
  if (part === null) return null;
  const { o: origin, n: operation, k: keys, t: stamps } = part;
  if (typeof origin !== 'string' || !Number.isSafeInteger(operation) || !areStrings(stamps)) return null;
  if (keys !== EVERYTHING && !areStrings(keys)) return null;
  const names = keys === EVERYTHING ? null : { keys, stamps };
  return { epoch: header[1]!, prev, seq, origin, operation: operation as number, names };
}

/** Whether names of so many bytes leave room for what stands before and around them. */
function fits(bytes: number): boolean {
  return bytes <= MAX_MESSAGE_BYTES - 2 * HEADER_BYTES;
}

function parse(text: string): Readonly<Record<string, unknown>> | null {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function areStrings(list: unknown): list is string[] {
  return Array.isArray(list) && list.every((one) => typeof one === 'string');
}
