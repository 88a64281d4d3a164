// SPDX-License-Identifier: GPL-2.0-only
/** Text of the data, as text: nothing in it is markup. */
import type { VNode } from 'preact';
import type { PagePosted, Words } from '../page-data.ts';

/** Only the web is linked to: an address may come from a mail. */
function isWeb(address: string): boolean {
  return /^https?:\/\//.test(address);
}

export function Sentence({ words }: { readonly words: Words }): VNode {
  return (
    <>
      {words.map((piece) => {
        if (typeof piece === 'string') return piece;
        if ('code' in piece) return <code>{piece.code}</code>;
        return <Anchor to={piece.to}>{piece.link}</Anchor>;
      })}
    </>
  );
}

function Anchor({ to, children }: { readonly to: string; readonly children: string }): VNode {
  return isWeb(to) ? (
    <a href={to} rel="noreferrer">
      {children}
    </a>
  ) : (
    <span>{children}</span>
  );
}

/** `v3 5/5`, leading to its mail. */
export function PatchLink({
  id,
  posted,
}: {
  readonly id: string;
  readonly posted: readonly PagePosted[];
}): VNode {
  const patch = posted.find((one) => one.id === id);
  if (patch === undefined) return <span>{id}</span>;
  const title = patch.subject;
  return patch.link === null || !isWeb(patch.link) ? (
    <span title={title}>{patch.place}</span>
  ) : (
    <a href={patch.link} title={title} rel="noreferrer">
      {patch.place}
    </a>
  );
}
