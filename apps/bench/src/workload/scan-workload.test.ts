import { expect, it } from 'vitest';
import { scanWorkload } from './scan-workload.ts';

it('puts one scan of cold keys after four times as many requests of the daily business', () => {
  const workload = scanWorkload(1, 10)();
  const kinds = Array.from({ length: 100 }, () => workload.next()!.split(':')[0]).join(' ');
  const block = `${'item '.repeat(40)}${'cold '.repeat(10)}`;
  expect(`${kinds} `).toBe(block + block);
});

it('asks for no cold key twice before it has been through all of them', () => {
  const workload = scanWorkload(1, 1000)();
  const cold = Array.from({ length: 20_000 }, () => workload.next()!).filter((key) => key.startsWith('cold'));
  expect(new Set(cold).size).toBe(cold.length);
});
