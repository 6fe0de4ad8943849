import { describe, expect, it } from 'vitest';
import type { Stamp } from '../contracts/stamp.ts';
import { Generations } from '../memory/generations.ts';
import { KnownStamps } from './known-stamps.ts';

const stamp = (version: number): Stamp => version as unknown as Stamp;

function open() {
  const generations = new Generations(100);
  const bus = { live: true };
  return { generations, bus, known: new KnownStamps(generations, () => bus.live) };
}

describe('KnownStamps', () => {
  it('believes an answer, unless the tag has moved since it was asked for', () => {
    const { known, generations } = open();
    const asked = generations.now;
    known.learn('t:a', stamp(1), asked);
    expect(known.get('t:a')).toBe(1);
    known.forget('t:a');
    generations.moveTag('t:a');
    known.learn('t:a', stamp(1), asked);
    expect(known.get('t:a')).toBeUndefined();
    known.learn('t:a', stamp(2), generations.now);
    expect(known.get('t:a')).toBe(2);
  });

  it('knows nothing without a live lease', () => {
    const { known, bus, generations } = open();
    known.learn('t:a', stamp(1), generations.now);
    bus.live = false;
    expect(known.get('t:a')).toBeUndefined();
    known.learn('t:b', stamp(1), generations.now);
    bus.live = true;
    expect(known.get('t:b')).toBeUndefined();
    known.clear();
    expect(known.get('t:a')).toBeUndefined();
  });

  it('is bounded', () => {
    const { known, generations } = open();
    for (let at = 0; at <= 10_000; at++) known.learn(`t:${at}`, stamp(at), generations.now);
    expect([known.get('t:0'), known.get('t:10000')]).toEqual([undefined, 10_000]);
  });
});
