// SPDX-License-Identifier: GPL-2.0-only
/** Pictures on their way to files; equal ones become one. */

export interface PictureFile {
  readonly file: string;
  readonly text: string;
}

export class Album {
  private readonly files = new Map<string, string>();
  private readonly folder: string;

  /** `folder`: where the files go, as pages refer to it. */
  constructor(folder: string) {
    this.folder = folder;
  }

  /** The file that has the picture: a new one of that name, or the one that has had it before. */
  add(name: string, text: string): string {
    const before = this.files.get(text);
    if (before !== undefined) return before;
    const file = `${this.folder}/${name.replaceAll(/[^\w.-]+/g, '-')}.svg`;
    this.files.set(text, file);
    return file;
  }

  /** Those that some page refers to. */
  referredToBy(pages: readonly { readonly text: string }[]): PictureFile[] {
    return [...this.files].flatMap(([text, file]) =>
      pages.some((page) => page.text.includes(`(${file})`)) ? [{ file, text }] : [],
    );
  }
}
