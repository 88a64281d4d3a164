// SPDX-License-Identifier: GPL-2.0-only
/** What a report says, before anybody decides how it looks. Markdown and the terminal print the same. */

/** A piece of a line. A string is prose: nothing in it is markup, wherever it comes from. */
export type Span =
  | string
  | { readonly code: string }
  | { readonly strong: string }
  /** Leads to the heading with that anchor; only its words where there is none. */
  | { readonly link: string; readonly to: string }
  /** Leads to a file of this repository or into the web; `isCode`: the words are a name. */
  | { readonly link: string; readonly href: string; readonly isCode?: true }
  /** An address in the web, without anything that could end it. */
  | { readonly url: string };

/** A line, or the words of a paragraph. */
export type Text = string | readonly Span[];

export interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
}

/** What stands under another in a report. */
export type Block =
  | { readonly kind: 'heading'; readonly level: 1 | 2 | 3; readonly text: Text; readonly anchor?: string }
  | { readonly kind: 'paragraph'; readonly text: Text }
  /** Lines that stay apart. */
  | { readonly kind: 'lines'; readonly lines: readonly Text[] }
  /** Points, right under the line that they belong to. */
  | { readonly kind: 'list'; readonly lead?: Text; readonly items: readonly Text[] }
  | {
      readonly kind: 'table';
      readonly columns: readonly Column[];
      readonly rows: readonly (readonly Text[])[];
    }
  /** Lines that mean something to the eye: a diff, a trace. */
  | { readonly kind: 'fence'; readonly language: string; readonly lines: readonly string[] }
  /** A file beside the report. A terminal has none. */
  | { readonly kind: 'picture'; readonly alt: string; readonly file: string }
  /** Blocks behind a line. */
  | { readonly kind: 'fold'; readonly summary: Text; readonly blocks: readonly Block[] };

/** Kernel names, cases, Message-Ids. */
export function code(value: string): Span {
  return { code: value };
}

export function strong(value: string): Span {
  return { strong: value };
}

export function paragraph(...spans: readonly Span[]): Block {
  return { kind: 'paragraph', text: spans };
}

/** A table; a column whose title begins with `>` is set to the right. */
export function table(titles: readonly string[], rows: readonly (readonly Text[])[]): Block {
  const columns = titles.map((title): Column =>
    title.startsWith('>') ? { title: title.slice(1), align: 'right' } : { title, align: 'left' },
  );
  return { kind: 'table', columns, rows };
}

/** The spans of a text. */
export function spansOf(text: Text): readonly Span[] {
  return typeof text === 'string' ? [text] : text;
}

/** Texts in a row. */
export function joined(texts: readonly Text[], separator: string): Span[] {
  return texts.flatMap((text, index) => (index === 0 ? spansOf(text) : [separator, ...spansOf(text)]));
}

/** The words alone, code between backticks: for JSON and XML. */
export function plain(text: Text): string {
  return spansOf(text)
    .map((span) => {
      if (typeof span === 'string') return span;
      if ('code' in span) return `\`${span.code}\``;
      if ('url' in span) return span.url;
      if ('strong' in span) return span.strong;
      return 'isCode' in span ? `\`${span.link}\`` : span.link;
    })
    .join('');
}

/** A count and its noun. */
export function plural(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
