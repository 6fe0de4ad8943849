// By path, not by name: store-testkit stands on this package, and to depend on it by name would be a circle. The path
// leads to the very sources that the tests of all stores use, and these see the same sources of cache-core as we do.
export { AttachedStore, SharedMemory } from '../../store-testkit/src/doubles/shared-memory.ts';
