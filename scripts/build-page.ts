// SPDX-License-Identifier: GPL-2.0-only
/** `node dist/scripts/build-page.js`: bundles what pages are drawn with, as part of `npm run build`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BUNDLE } from '../harness/page/assets.ts';
import { bundle } from '../harness/page/bundle.ts';

const built = join(import.meta.dirname, '..', 'harness', 'page');
const { script, style } = bundle(join(process.cwd(), 'harness', 'page', 'browser'));
writeFileSync(join(built, BUNDLE.script), script);
writeFileSync(join(built, BUNDLE.style), style);
