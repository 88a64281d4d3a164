#!/usr/bin/env node
// SPDX-License-Identifier: GPL-2.0-only
// Where both are given, NO_COLOR wins. Node warns of them as soon as something imports node:util.
if ((process.env['NO_COLOR'] ?? '') !== '') delete process.env['FORCE_COLOR'];
const { main } = await import('./main.ts');

await main({ form: 'npx bouncediff' });
