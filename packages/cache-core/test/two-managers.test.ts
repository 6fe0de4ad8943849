import { CacheManager, ManualClock } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { SharedMemory } from './shared-memory.ts';

describe('two managers on one shared store', () => {
  it('one loads, both read', async () => {
    const clock = new ManualClock();
    const memory = new SharedMemory(clock);
    const a = new CacheManager({ store: memory.attach(), clock });
    const b = new CacheManager({ store: memory.attach(), clock });
    expect(await a.get('k', () => 1)).toBe(1);
    expect(await b.get('k', () => 2)).toBe(1);
    expect(a.peek('k')).toBe(1);
    expect(b.peek('k')).toBe(1);
    await b.delete('k');
    expect(a.peek('k')).toBeUndefined();
    expect(await a.get('k', () => 3)).toBe(3);
    expect(memory.log).toEqual(['read', 'lease', 'fill', 'read', 'invalidate', 'read', 'lease', 'fill']);
  });
});
