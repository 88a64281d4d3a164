// SPDX-License-Identifier: GPL-2.0-only
/** Which patches are behind a finding. */
import type { Turn } from '../compare/attribute.ts';
import type { Finding } from '../compare/comparison.ts';
import { joined, type Span } from '../text/document.ts';
import { patchSpan } from './links.ts';
import type { Report } from './report.ts';

const DONE: Readonly<Record<Turn['effect'], string>> = {
  breaks: 'broken by ',
  mends: 'mended by ',
  hides: 'hidden by ',
  uncovers: 'uncovered by ',
};

const HAD: Readonly<Record<Turn['effect'], string>> = {
  breaks: ' had broken it',
  mends: ' had mended it',
  hides: ' had hidden it',
  uncovers: ' had uncovered it',
};

/** `mended by v3.1 with v3.2, and by v3.5; v2.1 had broken it`; empty: no patch turns it. */
export function patchesOf({ account, context: { files } }: Report, finding: Finding): Span[] {
  const { forth = [], back = [] } = account.attributions.get(finding) ?? {};
  const named = ({ stage: { patch, after }, together }: Turn): Span[] => [
    patchSpan(files, patch, after),
    ...together.flatMap((other, at) => [at === 0 ? ' with ' : ' and ', patchSpan(files, other, after)]),
  ];
  const turns = forth.map((turn, at): Span[] => [
    forth[at - 1]?.effect === turn.effect ? 'and by ' : DONE[turn.effect],
    ...named(turn),
  ]);
  const taken = [...new Set(back.map(({ effect }) => effect))].map((effect): Span[] => [
    ...joined(back.filter((turn) => turn.effect === effect).map(named), ' and '),
    HAD[effect],
  ]);
  return joined([...(turns.length === 0 ? [] : [joined(turns, ', ')]), ...taken], '; ');
}
