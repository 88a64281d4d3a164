// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { packageRoot, versionOf } from './package-root.ts';

test('the version of a package that is installed, and of none', () => {
  const file = join(packageRoot(), 'node_modules', '@yowasp', 'clang', 'package.json');
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  expect(versionOf('@yowasp/clang')).toBe(version);
  expect(versionOf('no-such-package')).toBeUndefined();
});
