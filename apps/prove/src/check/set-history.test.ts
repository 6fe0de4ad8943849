import { expect, it } from 'vitest';
import { EVERYTHING } from '../keys/component.ts';
import { FATE, KIND, type Method, type RowView } from '../record/row.ts';
import type { FloorStep } from './floor.ts';
import { SetHistory } from './set-history.ts';

function mutation(
  method: Method,
  subject: number,
  version: number,
  startMs: number,
  endMs: number,
  outcome: number = FATE.acknowledged,
): RowView {
  return {
    kind: KIND.mutation,
    subject,
    versions: [version, -1, -1, -1],
    startMs,
    endMs,
    startOrder: 0,
    endOrder: 0,
    outcome,
    method,
  };
}

const missed: FloorStep = { at: 120, version: 6, startMs: 100, ackMs: 120, by: 0, method: 'set' };

it('excuses a lower version that was set at the same time, where a clear came between', () => {
  const sets = new SetHistory();
  sets.take(mutation('set', 1, 5, 90, 140));
  expect(sets.excuses({ component: 1, version: 5, missed: missed })).toBe(false);
  sets.take(mutation('clear', EVERYTHING, 1, 121, 125));
  expect(sets.excuses({ component: 1, version: 5, missed: missed })).toBe(true);
});

it('excuses nothing that was set before, or was never set, or missed a deletion', () => {
  const sets = new SetHistory();
  sets.lossBegins(0);
  sets.take(mutation('set', 1, 5, 50, 99));
  expect(sets.excuses({ component: 1, version: 5, missed: missed })).toBe(false);
  expect(sets.excuses({ component: 1, version: 4, missed: missed })).toBe(false);
  sets.take(mutation('set', 1, 3, 90, 140));
  expect(sets.excuses({ component: 1, version: 3, missed: { ...missed, method: 'delete' } })).toBe(false);
  expect(sets.excuses({ component: 1, version: 3, missed: missed })).toBe(true);
});

it('knows that a fault is over', () => {
  const sets = new SetHistory();
  sets.lossBegins(0);
  sets.lossEnds(80);
  sets.take(mutation('set', 1, 5, 90, 140));
  expect(sets.excuses({ component: 1, version: 5, missed: missed })).toBe(false);
});

it('allows for a set of unknown fate that is carried out late', () => {
  const sets = new SetHistory();
  sets.take(mutation('set', 1, 5, 50, 60, FATE.unknown));
  sets.take(mutation('clear', EVERYTHING, 1, 121, 125));
  expect(sets.excuses({ component: 1, version: 5, missed: missed })).toBe(true);
});
