import { defineProject, mergeConfig } from 'vitest/config';
import shared from '../../vitest.shared.ts';

export default mergeConfig(
  shared,
  defineProject({ test: { name: 'store-testkit', setupFiles: ['test/provide-redis.ts'] } }),
);
