// SPDX-License-Identifier: GPL-2.0-only
/**
 * Compiles one file of the project as if it were written otherwise: `npm run power -- --machine` makes its
 * mistakes with it. The file itself is not touched.
 */
import { readFileSync } from 'node:fs';
import swcJest from '@swc/jest';

/** Which file, and where the text is that stands for its own; nothing: every file is as it is written. */
const { BOUNCEDIFF_MISTAKEN: mistaken, BOUNCEDIFF_MISTAKEN_TEXT: text } = process.env;

/**
 * @param {string} source
 * @param {string} file
 */
function textOf(source, file) {
  return file === mistaken && text !== undefined ? readFileSync(text, 'utf8') : source;
}

export default {
  /** @param {import('@swc/core').Options} options */
  createTransformer(options) {
    const swc = swcJest.createTransformer(options);
    /** @type {typeof swc.process} */
    const process = (source, file, how) => swc.process(textOf(source, file), file, how);
    return {
      ...swc,
      process,
      /** @type {typeof swc.processAsync} */
      processAsync: async (...args) => process(...args),
      /** @type {typeof swc.getCacheKey} */
      getCacheKey: (source, file, ...rest) => swc.getCacheKey(textOf(source, file), file, ...rest),
    };
  },
};
