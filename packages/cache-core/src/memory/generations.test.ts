import { describe, expect, it } from 'vitest';
import { Generations } from './generations.ts';

describe('Generations', () => {
  it('gives one generation to each name, and moves it forward alone', () => {
    const generations = new Generations(10);
    const tag = generations.tag('t:a');
    expect(generations.tag('t:a')).toBe(tag);
    expect(tag.movedAt).toBe(0);
    const began = generations.now;
    generations.moveTag('t:a');
    expect(tag.movedAt).toBeGreaterThan(began);
    expect(tag.movedAt).toBe(generations.now);
    expect(generations.tag('t:b').movedAt).toBe(0);
  });

  it('remembers a tag that was moved before anything carried it', () => {
    const generations = new Generations(10);
    const began = generations.now;
    generations.moveTag('t:late');
    expect(generations.tag('t:late').movedAt).toBeGreaterThan(began);
  });

  it('never holds more tags than it may', () => {
    const generations = new Generations(3);
    for (let index = 0; index < 100; index++) {
      generations.tag(`t:${index}`);
      generations.moveTag(`t:moved-${index}`);
      expect(generations.tagCount).toBeLessThanOrEqual(3);
    }
  });

  it('kills what carries a forgotten tag', () => {
    const generations = new Generations(2);
    const first = generations.tag('t:1');
    generations.tag('t:2');
    generations.tag('t:3');
    expect(first.movedAt).toBe(Infinity);
    expect(generations.tag('t:1')).not.toBe(first);
  });

  it('forgets the tag that has not moved for the longest time first', () => {
    const generations = new Generations(2);
    const first = generations.tag('t:1');
    const second = generations.tag('t:2');
    generations.moveTag('t:1');
    generations.tag('t:3');
    expect(second.movedAt).toBe(Infinity);
    expect(first.movedAt).toBeLessThan(Infinity);
  });

  it('lets a load that began before a forgotten move fail closed, whatever tag it names', () => {
    const generations = new Generations(2);
    const began = generations.now;
    generations.moveTag('t:1');
    const movedAt = generations.now;
    generations.tag('t:2');
    generations.tag('t:3');
    // The load names the forgotten tag, or another that is new: neither may look as if it had never moved.
    expect(generations.tag('t:1').movedAt).toBeGreaterThan(began);
    expect(generations.tag('t:unheard').movedAt).toBeGreaterThan(began);
    // A load that begins now is not harmed by the past.
    expect(generations.tag('t:1').movedAt).toBeLessThanOrEqual(movedAt);
    expect(generations.tag('t:1').movedAt).toBeLessThanOrEqual(generations.now);
  });

  it('forgets without raising the floor what has never moved', () => {
    const generations = new Generations(1);
    const began = generations.now;
    for (let index = 0; index < 10; index++) generations.tag(`t:${index}`);
    expect(generations.tag('t:0').movedAt).toBeLessThanOrEqual(began);
  });
});
