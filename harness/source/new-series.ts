// SPDX-License-Identifier: GPL-2.0-only
/** Writes a new series: all of it or nothing. */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../text/user-error.ts';
import { bareSubject } from './naming.ts';
import type { SeriesDraft, SeriesFile } from './series-draft.ts';

/**
 * Writes variants/NAME/ and registers it. The folder is made ready beside its place and moved there,
 * registry.ts is replaced last. UserError for what cannot be; then nothing is left behind.
 */
export async function writeSeries(root: string, draft: SeriesDraft): Promise<readonly SeriesFile[]> {
  const patches = draft.patches.map(({ subject, ...rest }) => ({ ...rest, subject: bareSubject(subject) }));
  check(root, { ...draft, patches });
  const { scaffold } = await import('./scaffold.ts');
  const files = await formatted(root, scaffold(root, { ...draft, patches }));
  const registry = files.at(-1);
  if (registry === undefined) throw new Error('a series has a file that registers it');
  const folder = join(root, 'variants', draft.name);
  const temporary = join(root, 'variants', `.${draft.name}.${process.pid}.tmp`);
  const target = join(root, registry.path);
  const next = `${target}.${process.pid}.tmp`;
  let moved = false;
  try {
    mkdirSync(temporary);
    for (const { path, text } of files.slice(0, -1)) writeFileSync(join(temporary, basename(path)), text);
    writeFileSync(next, registry.text);
    renameSync(temporary, folder);
    moved = true;
    renameSync(next, target);
  } catch (error) {
    for (const left of [temporary, next, ...(moved ? [folder] : [])]) {
      rmSync(left, { recursive: true, force: true });
    }
    const reason = error instanceof Error ? (error.message.split(',')[0] ?? '') : String(error);
    throw new UserError(`cannot write ${folder}: ${reason}`);
  }
  return files;
}

function check(root: string, { name, patches }: SeriesDraft): void {
  if (!/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(name)) {
    throw new UserError(
      `a state is called vN, or by small letters, digits and single hyphens; not ${JSON.stringify(name)}`,
    );
  }
  if (existsSync(join(root, 'variants', name))) {
    throw new UserError(`variants/${name} is there already; another name, please`);
  }
  if (patches.length === 0) throw new UserError('a series has patches: --patch "subject" for each');
  const subjects = patches.map(({ subject }) => subject);
  if (subjects.includes('')) throw new UserError('a patch has a subject: --patch "subject"');
  const twice = subjects.find((subject, index) => subjects.indexOf(subject) !== index);
  if (twice !== undefined) throw new UserError(`two patches have the subject ${JSON.stringify(twice)}`);
}

/** In the style of the repository. */
async function formatted(root: string, files: readonly SeriesFile[]): Promise<SeriesFile[]> {
  const { format, resolveConfig } = await import('prettier');
  const style = (await resolveConfig(join(root, dirname(files[0]?.path ?? ''), 'x.ts'))) ?? {};
  return Promise.all(
    files.map(async ({ path, text }) => ({
      path,
      text: await format(text, { ...style, parser: 'typescript' }),
    })),
  );
}
