/**
 * A structured clone whose Buffers are Buffers again, with memory of their own. `structuredClone` alone makes each of them
 * a Uint8Array, over a copy of all of Node's pool where it was cut from that.
 * @throws what `structuredClone` throws
 */
export function cloneWithBuffers(value: object): object {
  if (Buffer.isBuffer(value)) return bufferCopy(value);
  const copy = structuredClone(value);
  if (someObject(copy, (object) => object instanceof Uint8Array)) restoreBuffers(value, copy);
  return copy;
}

/** Whether the test holds for an object somewhere in a structured clone. */
export function someObject(root: object, test: (object: object) => boolean): boolean {
  const pending = [root];
  const seen = new Set(pending);
  const add = (member: unknown): void => {
    if (typeof member !== 'object' || member === null || seen.has(member)) return;
    seen.add(member);
    pending.push(member);
  };
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (test(next)) return true;
    if (ArrayBuffer.isView(next)) continue;
    if (next instanceof Map) {
      for (const [key, member] of next) {
        add(key);
        add(member);
      }
    } else if (next instanceof Set) next.forEach(add);
    // The one member of a clone that is not enumerable.
    else if (next instanceof Error) add(next.cause);
    Object.values(next).forEach(add);
  }
  return false;
}

/** What stands in a copy, in the place of an original: itself, or the Buffer that it should be. */
type Restore = (original: unknown, copy: unknown) => unknown;

/** Walks an original and its structured clone side by side. */
function restoreBuffers(original: object, copy: object): void {
  const pending: [original: object, copy: object][] = [[original, copy]];
  const seen = new Set<object>();
  const buffers = new Map<object, Buffer>();
  const restore: Restore = (was, is) => {
    if (typeof is !== 'object' || is === null || typeof was !== 'object' || was === null) return is;
    if (!Buffer.isBuffer(was)) {
      if (!seen.has(is)) pending.push([was, is]);
      seen.add(is);
      return is;
    }
    const buffer = buffers.get(is) ?? bufferCopy(was);
    buffers.set(is, buffer);
    return buffer;
  };
  for (let pair = pending.pop(); pair !== undefined; pair = pending.pop()) restoreMembers(...pair, restore);
}

function restoreMembers(was: object, is: object, restore: Restore): void {
  if (ArrayBuffer.isView(is)) return;
  if (is instanceof Map && was instanceof Map) {
    const originals = [...was];
    const copies = [...is];
    is.clear();
    copies.forEach(([key, member], index) => {
      is.set(restore(originals[index]?.[0], key), restore(originals[index]?.[1], member));
    });
  } else if (is instanceof Set && was instanceof Set) {
    const originals = [...was];
    const copies = [...is];
    is.clear();
    copies.forEach((member, index) => {
      is.add(restore(originals[index], member));
    });
  } else if (is instanceof Error && was instanceof Error) {
    const better = restore(was.cause, is.cause);
    if (better !== is.cause) is.cause = better;
  } else restoreProperties(was, is, restore);
}

function restoreProperties(was: object, is: object, restore: Restore): void {
  // Not by name: the names of a long array would take longer than all the rest.
  const originals = Object.values(was);
  Object.values(is).forEach((member, index) => {
    const better = restore(originals[index], member);
    if (better !== member) Reflect.set(is, Object.keys(is)[index]!, better);
  });
}

/** With memory of its own: a slice of Node's pool would keep all of that alive. */
function bufferCopy(buffer: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(buffer.length);
  copy.set(buffer);
  return copy;
}
