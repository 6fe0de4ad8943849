import { types } from 'node:util';

/**
 * Whether what came out is what went in. What may differ is what no serializer is asked to keep: −0 and 0, an object
 * without a prototype and a plain one, the `stack` of an error, the `lastIndex` of a regular expression.
 */
export function sameValue(one: unknown, other: unknown, seen = new Map<unknown, unknown>()): boolean {
  if (one === other) return true;
  if (typeof one === 'number' && typeof other === 'number') return Number.isNaN(one) && Number.isNaN(other);
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  // A part that is met again must have met the same counterpart.
  if (seen.has(one)) return seen.get(one) === other;
  seen.set(one, other);
  if (kindOf(one) !== kindOf(other)) return false;
  return sameContents(one, other, seen) && sameMembers(one, other, seen);
}

function sameContents(one: object, other: object, seen: Map<unknown, unknown>): boolean {
  if (one instanceof Date) return Object.is(one.getTime(), (other as Date).getTime());
  if (one instanceof RegExp) return String(one) === String(other);
  if (one instanceof URL) return one.href === (other as URL).href;
  if (types.isAnyArrayBuffer(one))
    return sameBytes(new Uint8Array(one), new Uint8Array(other as ArrayBuffer));
  if (ArrayBuffer.isView(one)) return sameBytes(bytesOf(one), bytesOf(other as ArrayBufferView));
  if (one instanceof Error) {
    const twin = other as Error;
    return one.name === twin.name && one.message === twin.message && sameValue(one.cause, twin.cause, seen);
  }
  if (one instanceof Map)
    return sameList([...one].flat(), [...(other as Map<unknown, unknown>)].flat(), seen);
  if (one instanceof Set) return sameList([...one], [...(other as Set<unknown>)], seen);
  if (Array.isArray(one)) return one.length === (other as unknown[]).length;
  return true;
}

function sameMembers(one: object, other: object, seen: Map<unknown, unknown>): boolean {
  // Their members are their bytes, and have been compared.
  if (ArrayBuffer.isView(one)) return true;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every(
      (name) =>
        Object.hasOwn(other, name) &&
        sameValue((one as Record<string, unknown>)[name], (other as Record<string, unknown>)[name], seen),
    )
  );
}

function sameList(one: readonly unknown[], other: readonly unknown[], seen: Map<unknown, unknown>): boolean {
  return one.length === other.length && one.every((member, at) => sameValue(member, other[at], seen));
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

function kindOf(value: object): unknown {
  return Object.getPrototypeOf(value) ?? Object.prototype;
}
