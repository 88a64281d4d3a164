// SPDX-License-Identifier: GPL-2.0-only
/** The cover letter of a new series: what is not known yet says so. */
import { literal } from '../text/visible.ts';

/** A patch of it. */
export interface IndexEntry {
  readonly file: string;
  readonly identifier: string;
  readonly subject: string;
}

/** The series' index.ts; not formatted. */
export function seriesIndex(
  name: string,
  identifier: string,
  base: string,
  entries: readonly IndexEntry[],
): string {
  const imports = entries
    .toSorted((a, b) => (a.file < b.file ? -1 : 1))
    .map((entry) => `import { ${entry.identifier} } from './${entry.file}.ts';`);
  const patches = entries.map(
    (entry) => `{
      apply: ${entry.identifier},
      subject: ${literal(entry.subject)},
      messageId: 'unknown',
      // To be filled in from ../claims.ts: what the changelog promises.
      claims: [],
    },`,
  );
  return `// SPDX-License-Identifier: GPL-2.0-only
import type { Series } from '../patch.ts';
${imports.join('\n')}

export const ${identifier}: Series = {
  module: import.meta.url,
  id: '${name}',
  // To be filled in from the cover letter.
  subject: 'unknown',
  author: 'unknown',
  date: 'unknown',
  messageId: 'unknown',
  base: '${base}',
  patches: [${patches.join('\n')}],
};
`;
}
