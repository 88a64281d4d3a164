// SPDX-License-Identifier: GPL-2.0-only
/** The types of wrap-ansi, which brings none of its own before version 8. */
declare module 'wrap-ansi' {
  interface Options {
    /** Lines are never wider, even if a word has to be broken. */
    readonly hard?: boolean;
    /** Lines are broken between words. */
    readonly wordWrap?: boolean;
    /** Spaces at the ends of lines go. */
    readonly trim?: boolean;
  }
  export default function wrapAnsi(text: string, columns: number, options?: Options): string;
}
