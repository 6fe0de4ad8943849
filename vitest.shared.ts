import { defaultServerConditions } from 'vite';
import { defineProject } from 'vitest/config';

const conditions = ['@larder/source', ...defaultServerConditions];

/** What every package's tests have in common: sources instead of builds, and no forgotten rejection. */
export default defineProject({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    typecheck: { enabled: true, include: ['test/**/*.test-d.ts'], ignoreSourceErrors: true },
    pool: 'forks',
    // Against hanging, not for measuring: a busy machine must not fail a test.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    execArgv: ['--unhandled-rejections=strict'],
  },
});
