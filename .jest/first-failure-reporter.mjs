// SPDX-License-Identifier: GPL-2.0-only
/**
 * Ends the run at the first test that fails, with one line of JSON: what failed, or how many passed. Before that,
 * a dot for each test that has passed.
 * One process runs all tests (`--runInBand`), so that nothing else is under way.
 */
import { writeSync } from 'node:fs';

/** @param {{ readonly failed: string } | { readonly passed: number }} result */
function say(result) {
  writeSync(1, `${JSON.stringify(result)}\n`);
}

/** @param {string} failed */
function end(failed) {
  say({ failed });
  // oxlint-disable-next-line unicorn/no-process-exit -- whatever else jest would run says no more
  process.exit(1);
}

export default class FirstFailureReporter {
  /**
   * @param {unknown} _test
   * @param {{ readonly status: string, readonly fullName: string }} result
   */
  onTestCaseResult(_test, { status, fullName }) {
    if (status === 'failed') end(fullName);
    writeSync(1, '.\n');
  }

  /**
   * @param {unknown} _test
   * @param {{ readonly testExecError?: unknown, readonly failureMessage?: string | null }} result
   */
  onTestResult(_test, { testExecError, failureMessage }) {
    if (testExecError !== undefined || failureMessage) end('the tests can be loaded');
  }

  /**
   * @param {unknown} _contexts
   * @param {{ readonly numPassedTests: number }} results
   */
  onRunComplete(_contexts, { numPassedTests }) {
    say({ passed: numPassedTests });
  }
}
