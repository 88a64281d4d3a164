#!/usr/bin/env node
// SPDX-License-Identifier: GPL-2.0-only
import { main } from './main.ts';

await main({ form: 'npx bouncediff' });
