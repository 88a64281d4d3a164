// SPDX-License-Identifier: GPL-2.0-only
/** A small driver of our own, patches to it, and mails and trees to put them in. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { blobId, type KernelTree } from '../kernel-tree.ts';

export const FILE = 'drivers/kitchen/kettle.c';

export const KETTLE = `// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kettle.h>

static int kettle_level(struct kettle *k)
{
	return k->level;
}

static int kettle_fill(struct kettle *k, int amount)
{
	if (amount < 0)
		return -EINVAL;
	k->level += amount;
	return 0;
}

static void kettle_boil(struct kettle *k)
{
	k->hot = true;
}
`;

/** Checks for an overflow in kettle_fill(). */
export const FIRST = `diff --git a/drivers/kitchen/kettle.c b/drivers/kitchen/kettle.c
--- a/drivers/kitchen/kettle.c
+++ b/drivers/kitchen/kettle.c
@@ -10,6 +10,8 @@ static int kettle_fill(struct kettle *k, int amount)
 {
 	if (amount < 0)
 		return -EINVAL;
+	if (amount > k->size - kettle_level(k))
+		return -ENOSPC;
 	k->level += amount;
 	return 0;
 }
`;

/** Boils only what is there. */
export const SECOND = `diff --git a/drivers/kitchen/kettle.c b/drivers/kitchen/kettle.c
--- a/drivers/kitchen/kettle.c
+++ b/drivers/kitchen/kettle.c
@@ -18,5 +18,6 @@ static int kettle_fill(struct kettle *k, int amount)
 
 static void kettle_boil(struct kettle *k)
 {
-	k->hot = true;
+	if (kettle_level(k) > 0)
+		k->hot = true;
 }
`;

export interface Draft {
  readonly subject: string;
  readonly id?: string;
  readonly body: string;
  readonly headers?: readonly string[];
}

/** A mail with the headers that every one has. */
export function mailText({ subject, id = 'x', body, headers = [] }: Draft): string {
  return [
    'From: Ada Brewer <ada@brew.invalid>',
    `Subject: ${subject}`,
    'Date: Tue, 5 Mar 2024 23:30:00 -0200',
    `Message-ID: <${id}@brew.invalid>`,
    ...headers,
    '',
    body,
  ].join('\n');
}

/** A patch mail as git makes it. */
export function patchText(subject: string, diff: string, id = subject.replaceAll(/\W+/g, '-')): string {
  return mailText({
    subject,
    id,
    body: `It leaks.\n\nSigned-off-by: Ada Brewer <ada@brew.invalid>\n---\n 1 file changed\n\n${diff}-- \n2.39.5\n`,
  });
}

/** An mbox of mails that have no line that begins with `From `. */
export function mboxText(...mails: readonly string[]): string {
  return mails.map((mail) => `From mboxrd@z Thu Jan  1 00:00:00 1970\n${mail}\n`).join('');
}

const NUMBERED = [
  '[PATCH v2 1/2] kettle: check for overflow',
  '[PATCH v2 2/2] kettle: boil only water',
] as const;

/** Cover letter and both patches. */
export const SERIES = mboxText(
  mailText({ subject: '[PATCH v2 0/2] Kettle fixes', id: 'cover', body: 'Two fixes.\n' }),
  patchText(NUMBERED[0], FIRST, 'one'),
  patchText(NUMBERED[1], SECOND, 'two'),
);

/** What makes a folder a kernel tree. */
export const TREE_FILES: Readonly<Record<string, string>> = {
  Makefile: 'VERSION = 5\nPATCHLEVEL = 14\nSUBLEVEL = 0\nEXTRAVERSION = -rc5\nNAME = Tea\n',
  'include/linux/types.h': 'typedef int kettle_t;\n',
  [FILE]: KETTLE,
};

/** A kernel tree that is nowhere but in memory. */
export function memoryTree(files: Readonly<Record<string, string>> = TREE_FILES): KernelTree {
  const map = new Map(Object.entries(files));
  return {
    name: 'memory',
    version: '5.14.0-rc5',
    has: (path) => map.has(path),
    read: async (path) => {
      const text = map.get(path);
      return Promise.resolve(text === undefined ? undefined : { text, blob: blobId(text) });
    },
  };
}

/** Writes the files into a new temporary folder and returns its path. */
export function writeTree(files: Readonly<Record<string, string | Uint8Array>> = TREE_FILES): string {
  const folder = mkdtempSync(join(tmpdir(), 'bouncediff-posted-'));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

/** Makes a named pipe. */
export function makePipe(path: string): void {
  execFileSync('mkfifo', [path]);
}
