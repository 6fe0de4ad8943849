import * as fc from 'fast-check';
import { expect } from 'vitest';
import { CacheError } from '../src/errors/cache-error.ts';
import { CacheErrorCode } from '../src/errors/error-code.ts';

/** What `action` refuses with; fails if it does not, or with another code. */
export function refusalOf(
  action: () => unknown,
  code: CacheErrorCode = CacheErrorCode.SERIALIZATION_FAILED,
): CacheError {
  let thrown: unknown;
  try {
    action();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(CacheError);
  expect((thrown as CacheError).code).toBe(code);
  return thrown as CacheError;
}

/** Arrays and objects, alternately, `levels` deep. */
export function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { value };
  return value;
}

/** An array with a hole in its middle. */
export const holed: unknown[] = Object.assign([1], { 2: 3 });

const wellFormed = fc.string({ unit: 'binary' });
const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0);
const date = fc.date({ noInvalidDate: false });
const bytes = fc.uint8Array({ maxLength: 40 });
const key = wellFormed.filter((name) => name !== '__proto__' && name !== '__keys__');

/** Values that JSON keeps. */
export const plainValue: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(fc.constant(null), fc.boolean(), fc.integer(), finite, fc.string(), wellFormed),
    fc.array(tie('value'), { maxLength: 6 }),
    fc.dictionary(key, tie('value'), { maxKeys: 6, noNullPrototype: true }),
  ),
})).value;

const typedArray: fc.Arbitrary<unknown> = fc.oneof(
  bytes,
  fc.int8Array({ maxLength: 9 }),
  fc.uint8ClampedArray({ maxLength: 9 }),
  fc.int16Array({ maxLength: 9 }),
  fc.uint16Array({ maxLength: 9 }),
  fc.int32Array({ maxLength: 9 }),
  fc.uint32Array({ maxLength: 9 }),
  fc.float32Array({ maxLength: 9 }),
  fc.float64Array({ maxLength: 9 }),
  fc.bigInt64Array({ maxLength: 9 }),
  fc.bigUint64Array({ maxLength: 9 }),
  bytes.map((array) => Buffer.from(array)),
  bytes.map((array) => array.slice().buffer),
  bytes.map((array) => new DataView(array.slice().buffer, array.length >> 1)),
);

/** Values that MessagePack keeps. */
export const richValue: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(fc.constant(null), fc.boolean(), fc.integer(), finite, fc.string(), wellFormed),
    fc.oneof(fc.constant(undefined), fc.constantFrom(Number.NaN, Infinity, -Infinity), fc.bigInt(), date),
    fc.oneof(typedArray, fc.constantFrom(/a+[/]b/giu, /\n/s)),
    fc.array(tie('value'), { maxLength: 6 }),
    fc.dictionary(key, tie('value'), { maxKeys: 6, noNullPrototype: true }),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 5 }).map((entries) => new Map(entries)),
    fc.array(tie('value'), { maxLength: 5 }).map((members) => new Set(members)),
  ),
})).value;

/** Arrays, objects, maps and sets that refer to one another and to themselves at random; the first reaches them. */
export const graph: fc.Arbitrary<unknown> = fc
  .array(
    fc.record({
      kind: fc.nat(3),
      edges: fc.array(fc.nat(11), { maxLength: 20 }),
      leaf: fc.string({ maxLength: 80 }),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((plans) => {
    const nodes = plans.map(({ kind }) => [[], {}, new Map(), new Set()][kind]);
    for (const [index, { edges, leaf }] of plans.entries()) {
      const node = nodes[index];
      const targets = [leaf, ...edges.map((edge) => nodes[edge % nodes.length])];
      for (const [place, target] of targets.entries()) {
        if (Array.isArray(node)) node.push(target);
        else if (node instanceof Map) node.set(place % 2 === 0 ? place : target, target);
        else if (node instanceof Set) node.add(target);
        else (node as Record<string, unknown>)[`edge ${place}`] = target;
      }
    }
    return nodes[0];
  });

/** A description of a graph that two graphs share only if they look the same from the inside. */
export function shapeOf(root: unknown): unknown[] {
  const seen = new Map<unknown, number>();
  const nodes = [root];
  const name = (part: unknown) => {
    if (typeof part !== 'object' || part === null) return part;
    if (!seen.has(part)) {
      seen.set(part, seen.size);
      nodes.push(part);
    }
    return `node ${seen.get(part)}`;
  };
  const shape: unknown[] = [name(nodes.pop())];
  for (const node of nodes) {
    if (Array.isArray(node)) shape.push(['array', ...node.map(name)]);
    else if (node instanceof Map)
      shape.push(['map', ...[...node].map(([key, value]) => [name(key), name(value)])]);
    else if (node instanceof Set) shape.push(['set', ...[...node].map(name)]);
    else shape.push(['object', ...Object.entries(node as object).map(([key, value]) => [key, name(value)])]);
  }
  return shape;
}
