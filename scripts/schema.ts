// SPDX-License-Identifier: GPL-2.0-only
/** Writes corpus/scenario.schema.json from the scenario schema; --check only says whether it is stale. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { scenarioJsonSchema } from '../harness/scenario/schema.ts';
import { packageRoot } from '../harness/text/package-root.ts';

const TARGET = join(packageRoot(), 'corpus', 'scenario.schema.json');

/** The file as it is on disk, undefined when it is not there. */
function current(): string | undefined {
  try {
    return readFileSync(TARGET, 'utf8');
  } catch {
    return undefined;
  }
}

/** Whether to check only; undefined for arguments that mean nothing. */
function checkOnly(): boolean | undefined {
  try {
    return parseArgs({ options: { check: { type: 'boolean', default: false } } }).values.check;
  } catch {
    return undefined;
  }
}

const check = checkOnly();
const wanted = `${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`;
if (check === undefined) {
  console.error('usage: npm run schema [-- --check]');
  process.exitCode = 2;
} else if (!check) {
  const temporary = `${TARGET}.${process.pid}.tmp`;
  writeFileSync(temporary, wanted);
  renameSync(temporary, TARGET);
} else if (current() !== wanted) {
  console.error('corpus/scenario.schema.json is stale: npm run schema');
  process.exitCode = 1;
}
