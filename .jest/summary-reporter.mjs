// SPDX-License-Identifier: GPL-2.0-only

/**
 * Ends a run with one line of a fixed form, for people and for scripts:
 * `N passed, N failed`, followed by `, N skipped` where tests were skipped or are still to be written.
 */
export default class SummaryReporter {
  #line = '';

  /**
   * Prints when the process ends, because jest runs its own summary after every reporter of the configuration.
   * With `--json` the standard output belongs to jest's result.
   * @param {{ json: boolean }} globalConfig
   */
  constructor({ json }) {
    const stream = json ? process.stderr : process.stdout;
    process.once('exit', () => stream.write(this.#line));
  }

  /**
   * A test file that could not be loaded has no tests to count: it is one failure.
   * @param {unknown} _contexts
   * @param {Record<`num${'Passed' | 'Failed' | 'Pending' | 'Todo'}Tests` | 'numRuntimeErrorTestSuites', number>} results
   */
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    const tail = skipped > 0 ? `, ${skipped} skipped` : '';
    this.#line = `${results.numPassedTests} passed, ${failed} failed${tail}\n`;
  }
}
