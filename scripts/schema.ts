// SPDX-License-Identifier: GPL-2.0-only
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { scenarioJsonSchema } from '../harness/scenario/schema.ts';
import { writeFile } from '../harness/text/files.ts';
import { packageRoot } from '../harness/text/package-root.ts';
import { EXIT_BAD_NEWS, EXIT_OK, type Args, type Command } from './cli.ts';
import { print } from './print.ts';

export const schema: Command = {
  usage: '',
  options: { check: { type: 'boolean', help: 'write nothing; say whether it is stale' } },
  examples: ['', '--check'],
  run,
};

function run(args: Args): number {
  const target = join(packageRoot(), 'corpus', 'scenario.schema.json');
  const wanted = `${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`;
  if (!args.flag('check')) {
    writeFile(target, wanted);
    return EXIT_OK;
  }
  if (existsSync(target) && readFileSync(target, 'utf8') === wanted) return EXIT_OK;
  print('corpus/scenario.schema.json is stale: npm run schema\n');
  return EXIT_BAD_NEWS;
}
