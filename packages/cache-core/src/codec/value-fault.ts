import { CacheError } from '../errors/cache-error.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { isPlainArray, isPlainPrototype } from './plain-object.ts';

/** How deep arrays and objects may stand inside one another. The native recursions underneath end at a few thousand. */
export const MAX_DEPTH = 1_024;

const MAX_PATH_CHARACTERS = 200;
const MAX_NAME_CHARACTERS = 64;
const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/** A part of a value, and where it stands. */
interface Place {
  readonly part: unknown;
  readonly parent: Place | null;
  readonly step: string;
  readonly depth: number;
}

/** What a serializer cannot keep about one part of a value, its members aside: what it is; undefined if nothing. */
type FaultOf = (part: unknown) => string | undefined;

export interface ValueFault {
  /** Such as `value.items[3].when`. */
  readonly path: string;
  /** What stands there, such as `a Date`. */
  readonly what: string;
}

export interface FaultRules {
  readonly faultOf: FaultOf;
  /** Whether this array or object may be a part of itself. */
  readonly mayContainItself: (part: object) => boolean;
}

/**
 * The first part of `value` that cannot be kept. Slow and thorough, without recursion: for saying what is wrong, and for
 * values that a quick check gives up on. Each object is looked at once, however often it occurs.
 */
export function findFault(value: unknown, rules: FaultRules): ValueFault | undefined {
  const seen = new Set<unknown>();
  const waiting: Place[] = [{ part: value, parent: null, step: 'value', depth: 0 }];
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    const { part } = place;
    const what = rules.faultOf(part);
    if (what !== undefined) return { path: pathOf(place), what };
    if (typeof part !== 'object' || part === null) continue;
    if (seen.has(part)) {
      if (!rules.mayContainItself(part) && contains(place.parent, part)) {
        return { path: pathOf(place), what: 'a reference to an object that it is a part of' };
      }
      continue;
    }
    seen.add(part);
    if (place.depth >= MAX_DEPTH)
      return { path: pathOf(place), what: `more than ${MAX_DEPTH} levels of nesting` };
    const members = membersOf(place, part);
    for (let index = members.length - 1; index >= 0; index--) waiting.push(members[index]!);
  }
  return undefined;
}

/** The error for a value that a serializer cannot keep. The value itself is not in it. */
export function unserializable(fault: ValueFault, advice: string): CacheError {
  return new CacheError(
    `The value cannot be stored: ${fault.path} is ${fault.what}. ${advice}`,
    CacheErrorCode.SERIALIZATION_FAILED,
    { details: { path: fault.path } },
  );
}

function membersOf(parent: Place, part: object): Place[] {
  const depth = parent.depth + 1;
  const place = (member: unknown, step: string): Place => ({ part: member, parent, step, depth });
  if (isPlainArray(part)) return Array.from(part, (member, index) => place(member, `[${index}]`));
  if (part instanceof Map) {
    return [...part].flatMap(([key, member], index) => [
      place(key, `.entries()[${index}][0]`),
      place(member, `.entries()[${index}][1]`),
    ]);
  }
  if (part instanceof Set) return [...part].map((member, index) => place(member, `.values()[${index}]`));
  if (part instanceof Error) return [place(part.cause, '.cause')];
  if (!isPlainPrototype(Object.getPrototypeOf(part))) return [];
  return Object.keys(part).map((key) => place((part as Record<string, unknown>)[key], stepTo(key)));
}

function stepTo(key: string): string {
  const shown = key.length > MAX_NAME_CHARACTERS ? `${key.slice(0, MAX_NAME_CHARACTERS)}…` : key;
  return IDENTIFIER.test(shown) ? `.${shown}` : `[${JSON.stringify(shown)}]`;
}

function contains(place: Place | null, part: object): boolean {
  for (let above = place; above !== null; above = above.parent) if (above.part === part) return true;
  return false;
}

function pathOf(place: Place): string {
  let path = '';
  for (let at: Place | null = place; at !== null; at = at.parent) {
    if (path.length + at.step.length > MAX_PATH_CHARACTERS) return `value…${path}`;
    path = at.step + path;
  }
  return path;
}
