import { describe, expect, it } from 'vitest';
import { Evictions } from './evictions.ts';

const place = { path: '', index: null, bytes: 0 };

describe('Evictions', () => {
  it('counts by cause, listeners or not', () => {
    const evictions = new Evictions();
    evictions.add(place, 'a', 'capacity');
    evictions.add(place, 'b', 'expired');
    evictions.add(place, 'c', 'expired');
    expect(evictions).toMatchObject({ capacity: 1, expired: 2 });
  });

  it('tells in order, once, and only when told to', () => {
    const evictions = new Evictions();
    const told: string[] = [];
    evictions.listeners.add((_, key, cause) => told.push(`${key} ${cause}`));
    evictions.add(place, 'a', 'capacity');
    evictions.add(place, 'b', 'expired');
    expect(told).toEqual([]);
    evictions.tell();
    evictions.tell();
    expect(told).toEqual(['a capacity', 'b expired']);
  });

  it('tells what a listener itself brings about', () => {
    const evictions = new Evictions();
    const told: string[] = [];
    evictions.listeners.add((_, key) => {
      told.push(key);
      if (told.length === 1) evictions.add(place, 'second', 'capacity');
    });
    evictions.add(place, 'first', 'capacity');
    evictions.tell();
    expect(told).toEqual(['first', 'second']);
  });

  it('goes on after a listener that throws', () => {
    const evictions = new Evictions();
    const told: string[] = [];
    evictions.listeners.add(() => {
      throw new Error('mine');
    });
    evictions.listeners.add((_, key) => told.push(key));
    evictions.add(place, 'a', 'capacity');
    evictions.add(place, 'b', 'capacity');
    evictions.tell();
    expect(told).toEqual(['a', 'b']);
  });

  it('tells soon without being asked again', async () => {
    const evictions = new Evictions();
    const told: string[] = [];
    evictions.listeners.add((_, key) => told.push(key));
    for (const key of ['a', 'b']) {
      evictions.add(place, key, 'expired');
      evictions.tellSoon();
    }
    expect(told).toEqual([]);
    await Promise.resolve();
    expect(told).toEqual(['a', 'b']);
  });
});
