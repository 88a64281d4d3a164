// SPDX-License-Identifier: GPL-2.0-only
import { setFlagsFromString } from 'node:v8';

/**
 * What V8 calls the point at which it optimises a function, and eight times what it is by itself. V8 11 is in
 * Node 20, 12 in 22, 13 in 24. Of a flag that it does not know, V8 complains on standard error.
 */
const FLAGS: Readonly<Record<string, string>> = {
  11: '--interrupt-budget=540672',
  12: '--invocation-count-for-turbofan=24000',
  13: '--invocation-count-for-turbofan=24000',
};

/**
 * Lets V8 take its time. A command runs for seconds, in code that is soon optimised for cases that are not
 * the next ones, and then again: `compare v2 v3` takes a third less on Node 20 and 22, a seventh less on 24.
 */
export function optimiseLater(): void {
  const [major = ''] = process.versions.v8.split('.');
  const flag = FLAGS[major];
  if (flag !== undefined) setFlagsFromString(flag);
}
