import { expect, it } from 'vitest';
import { silentLogger } from './silent-logger.ts';

it('has a method for each level, which does nothing', () => {
  for (const level of ['debug', 'info', 'warn', 'error'] as const) {
    expect(silentLogger[level]({ key: 'k' }, 'message')).toBeUndefined();
  }
});
