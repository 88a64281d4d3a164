// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from '@jest/globals';
import { code, paragraph, strong, table, type Block } from '../text/document.ts';
import { documentPage } from './document-html.ts';

const body = (blocks: readonly Block[]): string =>
  /<main>\n(.*)\n<\/main>/s.exec(documentPage('x', blocks, ''))?.[1] ?? '';

test('each kind of block has its element', () => {
  expect(
    body([
      { kind: 'heading', level: 2, text: ['A ', code('b')], anchor: 'at' },
      paragraph('to ', { link: 'it', to: 'at' }, ', ', strong('now')),
      { kind: 'list', items: ['one'] },
      table(['what', '>n'], [['a', '1']]),
      { kind: 'fence', language: 'diff', lines: ['-a', '+b'] },
      { kind: 'fold', summary: 'more', blocks: [{ kind: 'lines', lines: ['x', 'y'] }] },
    ]),
  ).toBe(`<h2 id="at">A <code>b</code></h2>
<p>to <a href="#at">it</a>, <b>now</b></p>
<ul><li>one</li></ul>
<table class="t"><thead><tr><th>what</th><th class="r">n</th></tr></thead><tbody>
<tr><td>a</td><td class="r">1</td></tr>
</tbody></table>
<pre>-a
+b</pre>
<details><summary>more</summary>
<p>x<br>y</p>
</details>`);
});

test('only an address in the web is a link', () => {
  const link = (href: string): string => body([paragraph({ link: 'x', href })]);
  expect(link('https://lore.kernel.org/r/1')).toBe('<p><a href="https://lore.kernel.org/r/1">x</a></p>');
  expect(link('javascript:alert(1)')).toBe('<p>x</p>');
});

test('names are text', () => {
  const bad = '"><img src=x>\u202e';
  const html = documentPage(bad, [paragraph(bad, code(bad), { link: bad, href: bad })], '');
  expect(html).not.toContain('<img');
  expect(html).not.toContain('\u202e');
});
