import { MessagePackSerializer } from '@larder/cache-core';
import { type MicroValue, microValue } from './micro-subject.ts';

/** What values are made of: rows as an application has them, or one long text, which costs next to nothing to decode. */
export type PayloadShape = 'rows' | 'text';

/** A value that takes room in a store. */
export interface PayloadValue extends MicroValue {
  readonly rows?: readonly PayloadRow[];
  readonly text?: string;
}

interface PayloadRow {
  readonly id: number;
  readonly name: string;
  readonly price: number;
  readonly active: boolean;
  readonly tags: readonly string[];
  readonly note: string;
}

/**
 * Makes values of this size, within a few bytes, once serialized as MessagePack: `n` of the place, and then rows of about
 * 150 bytes or one text.
 */
export function payloads(bytes: number, shape: PayloadShape): (place: number) => PayloadValue {
  const sizeOf = (value: PayloadValue): number => new MessagePackSerializer().serialize(value).length;
  const rowCount = shape === 'rows' ? Math.max(1, Math.floor(bytes / 165)) : 0;
  const base = (place: number): PayloadValue =>
    shape === 'rows'
      ? { ...microValue(place), rows: Array.from({ length: rowCount }, (_, row) => rowOf(place, row)) }
      : microValue(place);
  // The last bytes are filled up with text.
  return (place) => {
    const value = { ...base(place), text: '' };
    const missing = bytes - sizeOf(value);
    return { ...value, text: 'x'.repeat(Math.max(0, missing - lengthBytes(missing))) };
  };
}

/** What MessagePack needs to say how long a text is, beyond the one byte of an empty one. */
function lengthBytes(length: number): number {
  if (length < 32) return 0;
  if (length < 256) return 1;
  return length < 65_536 ? 2 : 4;
}

function rowOf(place: number, row: number): PayloadRow {
  const id = place * 1000 + row;
  return {
    id,
    name: `article ${id}`,
    price: 10 + (id % 90) + 0.95,
    active: id % 3 !== 0,
    tags: ['stock', `aisle ${id % 20}`],
    note: `delivered on day ${id % 365}, kept in bay ${id % 7}`,
  };
}
