// SPDX-License-Identifier: GPL-2.0-only
import { availableParallelism } from 'node:os';

/** Compiles one TypeScript file at a time, types erased, as `tsc` with `verbatimModuleSyntax` would. */
const swc = {
  swcrc: false,
  sourceMaps: 'inline',
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript' },
    transform: { verbatimModuleSyntax: true },
  },
  module: { type: 'es6' },
};

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  // Otherwise jest takes execa's list of running children away while its process is still to end.
  testEnvironmentOptions: { globalsCleanup: 'off' },
  globalSetup: '<rootDir>/.jest/build.mjs',
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/dist/', '<rootDir>/.test-build/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.test-build/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': ['@swc/jest', swc] },
  injectGlobals: false,
  testTimeout: 120_000,
  maxWorkers: Math.min(8, availableParallelism()),
  reporters: ['default', '<rootDir>/.jest/summary-reporter.mjs'],
};
