#!/usr/bin/env node
// SPDX-License-Identifier: GPL-2.0-only
import { bench } from './bench.ts';
import {
  allowClosedPipe,
  EXIT_OK,
  EXIT_TROUBLE,
  quote,
  runAndExit,
  toolVersion,
  type Command,
} from './cli.ts';
import { compare } from './compare.ts';
import { explore } from './explore.ts';
import { fidelity } from './fidelity.ts';
import { matrix } from './matrix.ts';
import { newState } from './new-state.ts';
import { suggestion } from '../harness/text/user-error.ts';
import { source } from './source.ts';
import { states } from './states.ts';
import { trace } from './trace.ts';

const COMMANDS: readonly Command[] = [
  compare,
  matrix,
  explore,
  states,
  trace,
  source,
  fidelity,
  bench,
  newState,
];

const [name, ...argv] = process.argv.slice(2);
const command = COMMANDS.find((known) => known.name === name);
if (command !== undefined) await runAndExit(command, argv);
else if (name === undefined || name === '--help' || name === 'help') {
  const lines = COMMANDS.map((known) => `  ${`${known.name} ${known.usage}`.padEnd(26)} ${known.summary}`);
  allowClosedPipe();
  process.stdout.write(
    `bouncediff ${toolVersion()}: states of a dma-iommu patch series, side by side\n\n${lines.join('\n')}\n`,
  );
  process.exitCode = EXIT_OK;
} else {
  const names = COMMANDS.map((known) => known.name);
  process.stderr.write(`bouncediff: unknown command ${quote(name)}; ${suggestion(name, names)}\n`);
  process.exitCode = EXIT_TROUBLE;
}
