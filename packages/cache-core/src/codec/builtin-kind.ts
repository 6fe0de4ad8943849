/** The built-in classes whose instances MessagePack can write so that an equal one comes back. */
export type BuiltinKind = 'date' | 'map' | 'set' | 'regexp' | 'bytes' | 'error';

const TYPED_ARRAYS = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
];
const ERRORS = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError];

let kinds: Map<object | null, BuiltinKind> | undefined;

/** What an object with exactly this prototype is; undefined for every other class, subclasses of these among them. */
export function builtinKind(prototype: object | null): BuiltinKind | undefined {
  kinds ??= new Map<object | null, BuiltinKind>([
    [Date.prototype, 'date'],
    [Map.prototype, 'map'],
    [Set.prototype, 'set'],
    [RegExp.prototype, 'regexp'],
    [ArrayBuffer.prototype, 'bytes'],
    [DataView.prototype, 'bytes'],
    [Buffer.prototype, 'bytes'],
    ...TYPED_ARRAYS.map((array) => [array.prototype, 'bytes'] as const),
    ...ERRORS.map((error) => [error.prototype, 'error'] as const),
  ]);
  return kinds.get(prototype);
}
