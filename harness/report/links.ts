// SPDX-License-Identifier: GPL-2.0-only
/** Where a name in a report leads: the archived mail, the page of a clause, a scenario, the module of a patch. */
import type { ClauseId } from '../contract/verdict.ts';
import type { Scenario } from '../run/scenario.ts';
import type { ChainLink, State } from '../subject/state.ts';
import { code, type Span } from '../text/document.ts';
import { sourcePath } from '../text/package-root.ts';

/** What stands before a path of this repository: `../`; undefined: the report lies where its files are not. */
export type Files = string | undefined;

/** The archive that finds a mail by its Message-Id. */
const ARCHIVE = 'https://lore.kernel.org/r/';

/** What a Message-Id is made of. */
const MESSAGE_ID = /^(?=[\u0021-\u007E]{3,250}$)[^<>@]+@[^<>@]+$/;

/** The patch's Message-Id; undefined: the mail has none, or nothing that is one. */
export function messageIdOf({ messageId }: ChainLink): string | undefined {
  return MESSAGE_ID.test(messageId) ? messageId : undefined;
}

/** The mail that the patch was posted in; undefined: nobody posted it. */
export function mailOf(patch: ChainLink): string | undefined {
  const messageId = messageIdOf(patch);
  if (patch.link !== undefined || messageId === undefined) return patch.link;
  return ARCHIVE + encodeURIComponent(messageId).replaceAll('%40', '@');
}

/** The patch by its place, `v3 5/5`, leading to its mail. */
export function placeSpan(patch: ChainLink): Span {
  const href = mailOf(patch);
  return href === undefined ? patch.place : { link: patch.place, href };
}

/** The patch by its id, `v3.5`, leading to its module. */
export function patchSpan(files: Files, patch: ChainLink, after: State): Span {
  const module = after.code?.findLast(({ id }) => id === patch.id)?.module;
  if (files === undefined || module === undefined) return patch.id;
  return { link: patch.id, href: files + sourcePath(module) };
}

/** The words, leading to the page of the clause. */
export function clauseSpan(files: Files, clause: ClauseId, words: string): Span {
  return files === undefined ? words : { link: words, href: `${files}docs/clauses/${clause}.md` };
}

/** The case, leading to its scenario, if that stands in a file. */
export function caseSpan(
  files: Files,
  { id, scenario, file }: Pick<Scenario, 'id' | 'scenario' | 'file'>,
): Span {
  if (files === undefined || file === undefined) return code(id);
  return { link: id, href: `${files}corpus/${scenario}.yaml`, isCode: true };
}
