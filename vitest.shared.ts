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
    execArgv: ['--unhandled-rejections=strict'],
  },
});
