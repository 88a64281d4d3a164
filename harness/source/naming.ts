// SPDX-License-Identifier: GPL-2.0-only
/** Names of what a new series is made of, from its name and the subjects of its patches. */

/** Longest file name that a subject is made into. */
const LONGEST = 48;

/** The subject without the `[PATCH v9 1/7]` that a mail puts before it. */
export function bareSubject(subject: string): string {
  return subject
    .replaceAll(/\s+/g, ' ')
    .trim()
    .replace(/^\[[^\]]*\]\s*/, '');
}

/** `account-for-min-align-mask` for `dma-iommu: account for min_align_mask`; the others stay apart. */
export function fileNames(subjects: readonly string[]): string[] {
  const names: string[] = [];
  for (const [index, subject] of subjects.entries()) {
    const words = subject
      .replace(/^[\w/-]+: /, '')
      .normalize('NFKD')
      .replaceAll(/[\p{M}'’]/gu, '')
      .replaceAll(/([a-z])([A-Z])/g, '$1-$2')
      .toLowerCase()
      .split(/[^a-z0-9]+/)
      .filter((word) => word !== '');
    const short = words.filter((_, i) => words.slice(0, i + 1).join('-').length <= LONGEST);
    const name = short.join('-');
    // One word may be a keyword, and no name begins with a digit.
    const safe = short.length > 1 && /^[a-z]/.test(name) ? name : ['patch', ...short].join('-');
    const taken = safe === 'patch' || names.includes(safe);
    names.push(taken ? `${safe}-${index + 1}` : safe);
  }
  return names;
}

/** `accountForMinAlignMask` for `account-for-min-align-mask`. */
export function camelCase(name: string): string {
  return name.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** What the series is called in the code: `v9`, `myIdeaSeries`. */
export function seriesIdentifier(name: string): string {
  return /^v\d+$/.test(name) ? name : `${camelCase(name)}Series`;
}
