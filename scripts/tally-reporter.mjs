// A vitest reporter that writes how many tests passed and failed to the file named by LARDER_TALLY_FILE.
// A test file that cannot be loaded and an error outside of any test each count as one failure.
import { writeFileSync } from 'node:fs';

export default class TallyReporter {
  /**
   * @param {readonly import('vitest/node').TestModule[]} modules
   * @param {readonly unknown[]} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    let passed = 0;
    let failed = unhandledErrors.length;
    for (const module of modules) {
      failed += module.errors().length;
      for (const suite of module.children.allSuites()) failed += suite.errors().length;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') passed += 1;
        if (state === 'failed') failed += 1;
      }
    }
    writeFileSync(String(process.env.LARDER_TALLY_FILE), JSON.stringify({ passed, failed }));
  }
}
