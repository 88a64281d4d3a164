// SPDX-License-Identifier: GPL-2.0-only
/** `node dist/scripts/build-corpus.js`: reads the corpus, so that no command has to, as part of `npm run build`. */
import { join } from 'node:path';
import { openCorpus } from '../harness/scenario/load.ts';
import { packageRoot } from '../harness/text/package-root.ts';
import { keepFor } from './corpus.ts';

const folder = join(packageRoot(), 'corpus');
openCorpus(folder, keepFor(folder));
