import type { BusGap } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { BusSequence } from './bus-sequence.ts';

function heard(...places: readonly (readonly [epoch: string, prev: number, seq: number])[]) {
  const sequence = new BusSequence();
  const gaps: (BusGap | null)[] = places.map(([epoch, prev, seq]) => sequence.observe({ epoch, prev, seq }));
  return { gaps, sequence };
}

describe('BusSequence', () => {
  it('takes the first message for its base', () => {
    const { gaps, sequence } = heard(['a', 4, 7]);
    expect(gaps).toEqual([null]);
    expect(sequence.lastSeen).toBe(7);
  });

  it('goes on with a message that follows the last', () => {
    const { gaps, sequence } = heard(['a', 4, 7], ['a', 7, 19], ['a', 19, 20]);
    expect(gaps).toEqual([null, null, null]);
    expect(sequence.lastSeen).toBe(20);
  });

  it('finds nothing wrong with a duplicate or a late one, and does not go back for it', () => {
    const { gaps, sequence } = heard(['a', 4, 7], ['a', 7, 9], ['a', 7, 9], ['a', 4, 7]);
    expect(gaps).toEqual([null, null, null, null]);
    expect(sequence.lastSeen).toBe(9);
  });

  it('misses what should have come before, and counts from there', () => {
    const { gaps, sequence } = heard(['a', 4, 7], ['a', 8, 9], ['a', 9, 10]);
    expect(gaps).toEqual([null, 'lost', null]);
    expect(sequence.lastSeen).toBe(10);
  });

  it('knows a server that has lost its last numbers', () => {
    expect(heard(['a', 4, 7], ['a', 7, 9], ['a', 7, 11]).gaps).toEqual([null, null, 'rewound']);
  });

  it('knows a server that has lost everything, whatever the numbers', () => {
    expect(heard(['a', 4, 7], ['b', 0, 8]).gaps).toEqual([null, 'restarted']);
    expect(heard(['a', 4, 7], ['b', 3, 5]).gaps).toEqual([null, 'restarted']);
    expect(heard(['a', 4, 7], ['b', 7, 9]).gaps).toEqual([null, 'restarted']);
  });

  it('has another generation whenever the numbers were broken off, and only then', () => {
    const { sequence } = heard(['a', 4, 7]);
    const before = sequence.generation;
    sequence.observe({ epoch: 'a', prev: 7, seq: 9 });
    sequence.observe({ epoch: 'a', prev: 7, seq: 9 });
    expect(sequence.generation).toBe(before);
    sequence.observe({ epoch: 'a', prev: 10, seq: 11 });
    expect(sequence.generation).toBe(before + 1);
    sequence.forget();
    expect(sequence.generation).toBe(before + 2);
    expect(sequence.lastSeen).toBeNull();
    sequence.base('a', 11);
    expect(sequence.generation).toBe(before + 3);
  });
});
