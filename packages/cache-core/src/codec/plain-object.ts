/** Whether `value` is an array that any array equals: no subclass, of whatever realm. */
export function isPlainArray(value: object): value is unknown[] {
  if (!Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  // Array.prototype is an array itself, in each realm; the prototype of a subclass is not.
  return prototype === Array.prototype || (Array.isArray(prototype) && isRootOf(prototype));
}

/** Whether `prototype` is that of plain objects: none, or `Object.prototype` of whatever realm. */
export function isPlainPrototype(prototype: object | null): boolean {
  if (prototype === Object.prototype || prototype === null) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}

function isRootOf(arrayPrototype: unknown[]): boolean {
  const above = Object.getPrototypeOf(arrayPrototype);
  return above !== null && Object.getPrototypeOf(above) === null;
}

/** The name of the class that `prototype` belongs to, for an error. */
export function describeInstance(prototype: object | null): string {
  const owner =
    prototype !== null && Object.hasOwn(prototype, 'constructor') ? prototype.constructor : undefined;
  const name = typeof owner === 'function' ? owner.name : '';
  return name === '' ? 'a class' : name.slice(0, 64);
}
