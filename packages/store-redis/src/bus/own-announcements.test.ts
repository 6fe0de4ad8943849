import { describe, expect, it } from 'vitest';
import type { Announcement } from './bus-message.ts';
import { OwnAnnouncements } from './own-announcements.ts';

function announcement(operation: number, origin = 'own'): Announcement {
  return { epoch: 'a', prev: 1, seq: 2, origin, operation, names: { keys: [`:${operation}`], stamps: [] } };
}

function own() {
  const delivered: Announcement[] = [];
  return { delivered, own: new OwnAnnouncements('own', (one) => void delivered.push(one)) };
}

describe('OwnAnnouncements', () => {
  it('hides what was acknowledged, whether the message comes before the answer or after', () => {
    const { own: mine, delivered } = own();
    const [first, second] = [mine.begin(), mine.begin()];
    expect(mine.hides(announcement(first))).toBe(true);
    mine.acknowledged(first);
    mine.acknowledged(second);
    expect(mine.hides(announcement(second))).toBe(true);
    expect(delivered).toEqual([]);
  });

  it("hides nobody else's, nor a number that was never given", () => {
    const { own: mine } = own();
    mine.begin();
    expect(mine.hides(announcement(1, 'other'))).toBe(false);
    expect(mine.hides(announcement(2))).toBe(false);
    expect(mine.hides(announcement(0))).toBe(false);
    expect(mine.hides(announcement(-1))).toBe(false);
  });

  it('lets through what comes after its operation was lost, however late', () => {
    const { own: mine } = own();
    const lost = mine.begin();
    mine.lost(lost);
    for (let later = 0; later < 20_000; later++) mine.acknowledged(mine.begin());
    expect(mine.hides(announcement(lost))).toBe(false);
    expect(mine.hides(announcement(lost + 1))).toBe(true);
  });

  it('delivers once what had come before its operation was lost', () => {
    const { own: mine, delivered } = own();
    const lost = mine.begin();
    mine.hides(announcement(lost));
    mine.lost(lost);
    mine.lost(lost);
    expect(delivered).toEqual([announcement(lost)]);
  });

  it('still hides an operation under way when a later one was lost, until it is lost too', () => {
    const { own: mine, delivered } = own();
    const [first, second] = [mine.begin(), mine.begin()];
    mine.lost(second);
    expect(mine.hides(announcement(first))).toBe(true);
    mine.lost(first);
    expect(delivered).toEqual([announcement(first)]);
  });

  it('has settled an acknowledged operation for good', () => {
    const { own: mine, delivered } = own();
    const operation = mine.begin();
    mine.hides(announcement(operation));
    mine.acknowledged(operation);
    mine.lost(operation);
    expect(delivered).toEqual([]);
    expect(mine.hides(announcement(operation))).toBe(true);
  });
});
