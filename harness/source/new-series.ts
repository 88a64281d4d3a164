// SPDX-License-Identifier: GPL-2.0-only
/** Writes a new series: all of it or nothing. */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { finishFileSets, writeFileSet, type FileText } from '../text/file-set.ts';
import { quoted } from '../text/input-error.ts';
import { UserError } from '../text/user-error.ts';
import { bareSubject } from './naming.ts';
import type { SeriesDraft } from './series-draft.ts';

const VARIANTS = 'variants';
const NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;
const LONGEST_NAME = 40;
/** What stands for every state in corpus/expectations.yaml. */
const RESERVED: ReadonlySet<string> = new Set(['all']);

/**
 * Writes variants/NAME/ and registers it: all of it or nothing (text/file-set.ts). UserError for what
 * cannot be; then nothing is left behind.
 */
export async function writeSeries(root: string, draft: SeriesDraft): Promise<readonly FileText[]> {
  const patches = draft.patches.map(({ subject, ...rest }) => ({ ...rest, subject: bareSubject(subject) }));
  check(root, { ...draft, patches });
  const { scaffold } = await import('./scaffold.ts');
  const files = await formatted(root, scaffold(root, { ...draft, patches }));
  const set = files.map(({ path, text }) => ({ path: relative(VARIANTS, path), text }));
  writeFileSet(join(root, VARIANTS), set, { name: nameOf(draft) });
  return files;
}

/**
 * Finishes what runs that were killed have begun to write below variants/. Returns the paths of the
 * series' files if one of them was asked for the same; undefined: none was.
 */
export function finishSeries(root: string, draft: SeriesDraft): string[] | undefined {
  const folder = join(root, VARIANTS);
  if (!finishFileSets(folder).includes(nameOf(draft))) return undefined;
  const modules = readdirSync(join(folder, draft.name)).map((file) => `${VARIANTS}/${draft.name}/${file}`);
  return [...modules.toSorted(), `${VARIANTS}/registry.ts`];
}

/** What the draft's files are known by, while they are written. */
function nameOf({ name, from, patches }: SeriesDraft): string {
  return JSON.stringify([name, from.id, patches.map(({ subject, overrides }) => [subject, overrides])]);
}

/** Throws the UserError that says what a series may be called. */
function checkName(name: string): void {
  if (NAME.test(name) && name.length <= LONGEST_NAME && !RESERVED.has(name)) return;
  throw new UserError(
    `a state is called vN, or by small letters, digits and single hyphens, a letter first, ` +
      `${LONGEST_NAME} characters at most, and not ${[...RESERVED].join(' or ')}; not ${quoted(name)}`,
  );
}

function check(root: string, { name, patches }: SeriesDraft): void {
  checkName(name);
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
async function formatted(root: string, files: readonly FileText[]): Promise<FileText[]> {
  const { format, resolveConfig } = await import('prettier');
  const style = (await resolveConfig(join(root, dirname(files[0]?.path ?? ''), 'x.ts'))) ?? {};
  return Promise.all(
    files.map(async ({ path, text }) => ({
      path,
      text: await format(text, { ...style, parser: 'typescript' }),
    })),
  );
}
