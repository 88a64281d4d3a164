// SPDX-License-Identifier: GPL-2.0-only
/** The corpus that a command reads or writes. Apart from cli.ts, for not every command wants what reads YAML. */
import { join } from 'node:path';
import type { Scenario } from '../harness/run/scenario.ts';
import {
  fileIn,
  loadCorpus,
  loadScenarioFile,
  openCorpus,
  selectScenarios,
  unselected,
  type Corpus,
  type Keep,
} from '../harness/scenario/load.ts';
import { packageRoot } from '../harness/text/package-root.ts';
import { UserError } from '../harness/text/user-error.ts';
import { isCheckout, type Args } from './cli.ts';
import { keptResults, ownResults } from './kept-results.ts';
import { printAside } from './print.ts';

/** The corpus that comes with the tool. */
export function projectCorpus(): Corpus {
  const folder = join(packageRoot(), 'corpus');
  return loadCorpus(folder, keepFor(folder));
}

/** Where the cases of a folder are kept: reading a file of YAML takes longer than running its cases. */
export function keepFor(folder: string): Keep {
  return (digest) => keptResults('corpus', [], [], [folder, digest], ownResults());
}

/** Folder of the corpus: of --corpus, else the one that comes with the tool. */
export function corpusFolder(args: Args): string {
  return args.text('corpus') ?? join(packageRoot(), 'corpus');
}

/** The folder of the corpus, for an option that writes into it; UserError when it is an installed package's. */
export function writableCorpusFolder(args: Args, option: string): string {
  if (args.text('corpus') === undefined && !isCheckout()) {
    throw new UserError(
      `--${option} does not write into an installed package; name a corpus of your own: --corpus DIR`,
    );
  }
  return corpusFolder(args);
}

/** Its accepted outcomes; the file need not be there. */
export function expectationsFile(folder: string): string {
  return join(folder, 'expectations.yaml');
}

/**
 * The corpus that a command reads of which `pattern` (--scenario, if not given) says what it wants: the
 * file that it names, or a folder. A broken file that is not asked for is a line on standard error.
 */
export function corpusOf(args: Args, pattern = args.text('scenario')): Corpus {
  const folder = corpusFolder(args);
  if (pattern === undefined) return loadCorpus(folder, keepFor(folder));
  const file = fileIn(pattern);
  if (file !== undefined) return loadScenarioFile(file);
  const corpus = openCorpus(folder, keepFor(folder));
  for (const { error } of unselected(corpus, pattern)) printAside(`bouncediff: left out: ${error.message}\n`);
  return corpus;
}

/** The cases that a command looks at. */
export function casesFor(corpus: Corpus, args: Args): readonly Scenario[] {
  const glob = args.text('scenario');
  return glob === undefined ? corpus.scenarios : selectScenarios(corpus, glob);
}
