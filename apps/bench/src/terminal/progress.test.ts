import { expect, it } from 'vitest';
import { progressBar, progressLine } from './progress.ts';

it('says what runs, how far and how fast, and how long it all still takes', () => {
  const progress = { fraction: 0.456, rate: 21_340, hitRatio: 0.684 };
  expect(progressLine('zipf · larder', progress, 31_200)).toBe(
    'zipf · larder   45 %  21.3k/s  hits 68.4 %  32 s left in all',
  );
  expect(progressLine('micro', { fraction: 2, detail: 'round 3' }, 0)).toBe(
    'micro  100 %  round 3  0 s left in all',
  );
});

it('draws a bar of one length', () => {
  expect(progressBar(0, 4)).toBe('░░░░');
  expect(progressBar(0.5, 4)).toBe('██░░');
  expect(progressBar(7, 4)).toBe('████');
  expect(progressBar(Number.NaN, 4)).toHaveLength(4);
});
