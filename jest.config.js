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
  globalSetup: '<rootDir>/.jest/build.mjs',
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/dist/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': ['@swc/jest', swc] },
  injectGlobals: false,
  testTimeout: 30_000,
  maxWorkers: Math.min(8, availableParallelism()),
  reporters: ['default', '<rootDir>/.jest/summary-reporter.mjs'],
};
