// SPDX-License-Identifier: GPL-2.0-only
/** What the brackets in front of a patch mail's subject say. */

/** `[RFC PATCH v2 03/10] swiotlb: fix it` */
export interface PatchSubject {
  /** `v2`, `v1` when none is named, `rfc-v2` for a request for comments. */
  readonly version: string;
  /** 0 is the cover letter. */
  readonly number: number;
  readonly total: number;
  /** Without the brackets. */
  readonly subject: string;
}

const REPLY = /^(?:re|aw|antw|sv|vs|fw|fwd)(?:\[\d+\]|\(\d+\))?:/i;
const VERSION = /^(?:patch|rfc)?-?v(\d{1,3}(?:\.\d{1,3})?)$/i;
const COUNT = /^(\d{1,4})\/(\d{1,4})$/;

/** The parts of a patch mail's subject; undefined for a reply and for every other mail. */
export function parseSubject(line: string): PatchSubject | undefined {
  let rest = line.trim();
  if (REPLY.test(rest)) return undefined;
  for (let end = rest.indexOf(']'); rest.startsWith('[') && end > 0; end = rest.indexOf(']')) {
    const words = rest.slice(1, end).split(/[\s,]+/);
    rest = rest.slice(end + 1).trim();
    const subject = rest.replaceAll(/\s+/g, ' ');
    const found = parseTag(words);
    if (found !== undefined) return { ...found, subject };
    if (REPLY.test(rest)) return undefined;
  }
  return undefined;
}

/** `PATCH v3 2/5` and the likes; a list's own tag is none. */
function parseTag(words: readonly string[]): Omit<PatchSubject, 'subject'> | undefined {
  const version = words.map((word) => VERSION.exec(word)?.[1]).find((found) => found !== undefined);
  const count = words.map((word) => COUNT.exec(word)).find((found) => found !== null);
  const isRfc = words.some((word) => /^rfc(?:-?v[\d.]+)?$/i.test(word));
  const isPatch = isRfc || words.some((word) => /^patch(?:-?v[\d.]+)?$/i.test(word));
  // A web archive shortens `[PATCH v3 2/5]` to `[v3,2/5]`.
  if (!isPatch && (version === undefined || count === undefined)) return undefined;
  return {
    version: `${isRfc ? 'rfc-' : ''}v${version ?? '1'}`,
    number: Number(count?.[1] ?? 1),
    total: Number(count?.[2] ?? 1),
  };
}
