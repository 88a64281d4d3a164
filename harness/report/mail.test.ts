// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Stage } from '../compare/chain.ts';
import type { State } from '../subject/state.ts';
import { compareSchema } from '../../scripts/testing/compare-schema.ts';
import { toJson } from './json.ts';
import { toMarkdown } from './markdown.ts';
import type { Report } from './report.ts';
import { hostileName, RAW } from '../text/testing/raw.ts';
import { toMail } from './mail.ts';
import { hostile } from './testing/hostile.ts';
import { reportOf } from './testing/make.ts';

const report = reportOf('v3.4', 'v3', 'min-align-mask/*');
const mail = toMail(report);
const lines = mail.split('\n');

describe('a reply to v3 5/5', () => {
  test('answers the mail', () => {
    expect(lines.slice(0, 2)).toEqual([
      'Subject: Re: [PATCH v3 5/5] dma-iommu: account for min_align_mask',
      'In-Reply-To: <20210811024247.1144246-6-stevensd@google.com>',
    ]);
    expect(mail).toContain('\nOn 2021-08-11, David Stevens wrote:\n> ');
  });

  test('the underflow, with its arithmetic and the call', () => {
    expect(mail).toMatch(/the size underflowed to\s0xfffffffffffffe00: 0x1000 - 0x1200\)/);
    expect(lines).toContain('  +memset(0x1001200, 0, size 18446744073709551104)');
  });

  test('the memset in front of the own slots', () => {
    // The mapping has 0x1001800; from 0x1001000 on it is the slot of another one.
    expect(lines).toContain('  +memset(0x1001000, 0, size 2048)');
    expect(mail).toContain('is a byte cleared by the kernel instead of');
  });

  test('the stale tail of a read, and the clearing that went elsewhere', () => {
    expect(mail).toMatch(/is a byte of a slot's earlier use instead of one that the CPU\s+wrote/);
    expect(lines).toContain('  -memset(0x1000e00, 0, size 4096)');
    expect(lines).toContain('  +memset(0x1000000, 0, size 4096)');
  });

  test('how to see it oneself', () => {
    expect(mail).toContain(
      "\nReproduce: npx bouncediff trace v3 \\\n  'min-align-mask/two-sectors-across-pages[dir=TO_DEVICE]'\n",
    );
  });

  test('72 columns, but for calls and names of cases; three findings', () => {
    const long = lines.filter((line) => line.length > 72 && !/^ {2}[ '+-]/.test(line));
    expect(long).toEqual([]);
    expect(lines.filter((line) => line.startsWith('Reproduce: '))).toHaveLength(3);
    expect(mail).toMatch(/\n\d more: npx bouncediff compare v3\.4 v3\n$/);
  });
});

test('about the finding that is asked for', () => {
  const one = report.comparison.findings.find(({ clause }) => clause === 'own-memory');
  if (one === undefined) throw new Error('not found');
  const own = toMail(report, { only: new Set([one]) });
  expect(own.match(/^Reproduce: /gm)).toHaveLength(1);
  expect(own).not.toContain('underflowed');
  expect(own).not.toContain(' more: ');
});

describe('a mail without a Message-Id', () => {
  /** The report with that in the place of every Message-Id. */
  function posted(messageId: string): Report {
    const { account, comparison } = report;
    const state = (old: State): State => ({
      ...old,
      chain: old.chain.map((patch) => ({ ...patch, messageId })),
    });
    const stage = (old: Stage): Stage => ({ ...old, patch: { ...old.patch, messageId } });
    const attributions = new Map(
      [...account.attributions].map(([finding, one]) => [
        finding,
        { ...one, forth: one.forth.map((turn) => ({ ...turn, stage: stage(turn.stage) })) },
      ]),
    );
    return {
      ...report,
      comparison: { ...comparison, from: state(comparison.from), to: state(comparison.to) },
      account: { ...account, attributions },
    };
  }

  test.each(['', 'unknown', 'a@b@c', '<a@b>', 'a b@c', `${'a'.repeat(250)}@b`])('%j', (messageId) => {
    const anonymous = posted(messageId);
    const [subject, empty] = toMail(anonymous).split('\n');
    expect([subject, empty]).toEqual([
      'Subject: Re: [PATCH v3 5/5] dma-iommu: account for min_align_mask',
      '',
    ]);
    const json = JSON.parse(toJson(anonymous)) as { to: { patches: object[] } };
    expect(json.to.patches).toHaveLength(5);
    for (const patch of json.to.patches) expect(Object.keys(patch)).not.toContain('messageId');
    expect(() => compareSchema.parse({ ...json, corpusHash: '0123456789ab' })).not.toThrow();
    for (const text of [toMail(anonymous), toMarkdown(anonymous, { full: true })]) {
      expect(text).not.toMatch(/lore\.kernel\.org|In-Reply-To/);
    }
  });
});

test('no news is said in a line', () => {
  expect(toMail(reportOf('v5', 'v6', 'min-align-mask/neighbour-slot'))).toMatch(
    /^v6 breaks and fixes nothing against v5\.\n/,
  );
});

test('hostile names reach no mail', () => {
  fc.assert(
    fc.property(hostileName, (name) => {
      const text = toMail(hostile(report, name));
      expect(text).not.toMatch(RAW);
      // A name is no header of its own, and no Message-Id that is none.
      const [head = ''] = text.split('\n\n');
      expect(head).toMatch(/^Subject: Re: \[PATCH [^\n]*(\nIn-Reply-To: <[^<>@\s]+@[^<>@\s]+>)?$/);
    }),
    { numRuns: 40 },
  );
});
