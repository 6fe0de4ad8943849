import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DeadlineHeap, type Due } from './deadline-heap.ts';

it('always has the earliest first, whatever is added and taken out', () => {
  const step = fc.oneof(
    fc.record({ add: fc.integer({ min: 0, max: 20 }) }),
    fc.record({ remove: fc.nat() }),
    fc.constant({ removeFirst: true }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const heap = new DeadlineHeap<Due>();
      const members: Due[] = [];
      const remove = (member: Due | undefined): void => {
        if (member === undefined) return;
        heap.remove(member);
        heap.remove(member);
        members.splice(members.indexOf(member), 1);
        expect(member.place).toBe(-1);
      };
      for (const each of steps) {
        if ('add' in each) {
          const member = { dueMs: each.add, place: -1 };
          members.push(member);
          heap.add(member);
        } else if ('remove' in each) remove(members[each.remove % members.length]);
        else remove(heap.first);
        expect(heap.size).toBe(members.length);
        expect(heap.first?.dueMs).toBe(
          members.length === 0 ? undefined : Math.min(...members.map(({ dueMs }) => dueMs)),
        );
      }
    }),
  );
});
