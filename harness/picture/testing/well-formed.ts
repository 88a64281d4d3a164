// SPDX-License-Identifier: GPL-2.0-only
/** A strict reader of the little XML that the pictures are made of. */

const TAG = /<(\/?)([a-z]+)((?: [\w:-]+="[^"<]*")*)(\/?)>/y;
const COMMENT = /<!--(?:(?!--)[\s\S])*-->/y;
const TEXT = /[^<]+/y;
const STRAY = /&(?!(?:amp|lt|gt|quot);)|[^\t\n\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

/** What is wrong with the document; undefined: it is well-formed. */
export function whatIsWrong(xml: string): string | undefined {
  if (STRAY.test(xml)) return `a stray character or ampersand: ${STRAY.exec(xml)?.[0] ?? ''}`;
  const open: string[] = [];
  let roots = 0;
  for (let at = 0; at < xml.length;) {
    const take = (pattern: RegExp): RegExpExecArray | null => {
      pattern.lastIndex = at;
      return pattern.exec(xml);
    };
    const found = take(COMMENT) ?? take(TAG) ?? take(TEXT);
    if (found === null) return `not XML: ${xml.slice(at, at + 40)}`;
    at += found[0].length;
    const [, closes, name, , isEmpty] = found;
    if (name === undefined) continue;
    if (open.length === 0 && closes === '') roots++;
    if (closes === '/') {
      const last = open.pop();
      if (last !== name) return `</${name}> closes <${last ?? 'nothing'}>`;
    } else if (isEmpty === '') open.push(name);
  }
  if (open.length > 0) return `<${open.join('><')}> left open`;
  return roots === 1 ? undefined : `${roots} roots`;
}
