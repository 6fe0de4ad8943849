import { isWellFormed } from '../well-formed.ts';
import { builtinKind } from './builtin-kind.ts';
import { describeInstance, isPlainArray, isPlainPrototype } from './plain-object.ts';

/** Keys that msgpackr mistakes for its own: the first is renamed on the way, the second breaks what is packed after it. */
const RESERVED_KEYS: readonly string[] = ['__proto__', '__keys__'];
const ERROR_MEMBERS: ReadonlySet<unknown> = new Set(['stack', 'message', 'cause']);

/** How much of a value a quick look may see before it gives up. */
export interface Budget {
  /** Arrays and objects, maps and sets among them. */
  containers: number;
  maps: number;
}

/**
 * Whether MessagePack keeps `part` and everything in it. The hot path, so plain recursion: false also where the answer is
 * not known, because the value nests deeper than `levels`, contains itself, or has more parts than the budget.
 */
export function isKept(part: unknown, levels: number, budget: Budget): boolean {
  if (typeof part !== 'object') return isKeptPrimitive(part);
  if (part === null) return true;
  if (levels === 0 || budget.containers-- === 0) return false;
  if (isPlainArray(part)) return isKeptArray(part, levels, budget);
  if (!isPlainPrototype(Object.getPrototypeOf(part))) return isKeptBuiltin(part, levels, budget);
  for (const key in part) {
    if (key === '__proto__' || key === '__keys__' || !isWellFormed(key)) return false;
    const member = (part as Record<string, unknown>)[key];
    if (typeof member === 'object' ? !isKept(member, levels - 1, budget) : !isKeptPrimitive(member))
      return false;
  }
  return Object.getOwnPropertySymbols(part).length === 0;
}

/** What MessagePack cannot keep about one part of a value, its members aside; undefined if nothing. */
export function faultForMessagePack(part: unknown): string | undefined {
  switch (typeof part) {
    case 'string':
      return isWellFormed(part) ? undefined : 'a string with half of a surrogate pair';
    case 'function':
    case 'symbol':
      return `a ${typeof part}`;
    case 'object':
      return part === null ? undefined : faultOfObject(part);
    default:
      return undefined;
  }
}

function isKeptPrimitive(part: unknown): boolean {
  const type = typeof part;
  return type === 'string' ? isWellFormed(part as string) : type !== 'function' && type !== 'symbol';
}

function isKeptArray(array: readonly unknown[], levels: number, budget: Budget): boolean {
  for (let index = 0; index < array.length; index++) {
    const member = array[index];
    if (typeof member === 'object' ? !isKept(member, levels - 1, budget) : !isKeptPrimitive(member))
      return false;
    if (member === undefined && !(index in array)) return false;
  }
  return true;
}

function isKeptBuiltin(part: object, levels: number, budget: Budget): boolean {
  if (faultOfBuiltin(part) !== undefined) return false;
  if (part instanceof Map) {
    if (budget.maps-- === 0) return false;
    for (const [key, member] of part) {
      if (!isKept(key, levels - 1, budget) || !isKept(member, levels - 1, budget)) return false;
    }
  } else if (part instanceof Set) {
    for (const member of part) if (!isKept(member, levels - 1, budget)) return false;
  } else if (part instanceof Error) {
    return isKept(part.message, levels, budget) && isKept(part.cause, levels - 1, budget);
  }
  return true;
}

function faultOfObject(part: object): string | undefined {
  if (isPlainArray(part)) return hasHole(part) ? 'an array with holes' : undefined;
  if (!isPlainPrototype(Object.getPrototypeOf(part))) return faultOfBuiltin(part);
  for (const key of Object.keys(part)) {
    if (RESERVED_KEYS.includes(key)) return `an object with a key ${key}`;
    if (!isWellFormed(key)) return 'an object with half of a surrogate pair in a key';
  }
  return Object.getOwnPropertySymbols(part).length === 0 ? undefined : 'an object with symbols as keys';
}

function faultOfBuiltin(part: object): string | undefined {
  const prototype: object = Object.getPrototypeOf(part);
  const kind = builtinKind(prototype);
  switch (kind) {
    case 'bytes':
      // Looking for own properties of typed arrays would list their indexes.
      return (part as { resizable?: boolean }).resizable === true ? 'a resizable ArrayBuffer' : undefined;
    case 'date':
    case 'map':
    case 'set':
      return Reflect.ownKeys(part).length === 0
        ? undefined
        : `a ${describeInstance(prototype)} with properties`;
    case 'regexp':
      return Reflect.ownKeys(part).length === 1 ? undefined : 'a RegExp with properties';
    case 'error':
      return faultOfError(part as Error);
    default:
      return `an instance of ${describeInstance(prototype)}`;
  }
}

function faultOfError(error: Error): string | undefined {
  if (typeof error.message !== 'string' || !isWellFormed(error.message))
    return 'an Error with an unusual message';
  const extra = Reflect.ownKeys(error).find((key) => !ERROR_MEMBERS.has(key));
  return extra === undefined ? undefined : `an Error with a property ${String(extra).slice(0, 64)}`;
}

function hasHole(array: readonly unknown[]): boolean {
  for (let index = 0; index < array.length; index++) if (!(index in array)) return true;
  return false;
}
