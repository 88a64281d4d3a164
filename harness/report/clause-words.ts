// SPDX-License-Identifier: GPL-2.0-only
/** What a broken clause means for the kernel, in half a sentence. */
import type { Cause, ClauseId } from '../contract/verdict.ts';
import type { Finding } from '../compare/comparison.ts';
import { isStale } from '../machine/labels.ts';
import { elementAt } from '../text/element.ts';

interface Words {
  /** Completes "v3 …". */
  readonly breaks: string;
  /** Completes "It fixes …". */
  readonly fixes: string;
}

const CLAUSE_WORDS: Readonly<Record<ClauseId, Words>> = {
  'no-crash': { breaks: 'crashes', fixes: 'the crash' },
  'no-warn': { breaks: 'triggers a WARN', fixes: 'the WARN' },
  'to-device-data': { breaks: 'shows the device wrong bytes', fixes: 'wrong bytes at the device' },
  'from-device-data': {
    breaks: 'hands wrong bytes of the device to the caller',
    fixes: 'wrong bytes of the device at the caller',
  },
  'partial-write-preserved': {
    breaks: 'loses bytes that the device did not write',
    fixes: 'bytes lost that the device did not write',
  },
  'cpu-owned-stability': {
    breaks: 'changes a buffer while the CPU owns it',
    fixes: 'a buffer that changed while the CPU owned it',
  },
  'failed-map-harmless': {
    breaks: 'does harm in a map that fails',
    fixes: 'the harm that a failed map did',
  },
  'confinement-read': {
    breaks: "lets a device read somebody else's bytes",
    fixes: "somebody else's bytes that a device could read",
  },
  'confinement-write': {
    breaks: "lets a device write somebody else's bytes",
    fixes: "somebody else's bytes that a device could write",
  },
  direction: { breaks: 'maps more than the direction asks for', fixes: 'mappings beyond their direction' },
  revocation: { breaks: 'leaves a translation after the unmap', fixes: 'a translation left after the unmap' },
  'no-leftovers': {
    breaks: 'leaves pages, IOVAs or slots behind',
    fixes: 'pages, IOVAs or slots left behind',
  },
  'iova-accounting': {
    breaks: 'frees an IOVA range that was not allocated so',
    fixes: 'an IOVA range freed otherwise than allocated',
  },
  isolation: { breaks: "changes another mapping's bytes", fixes: "changes of another mapping's bytes" },
  'own-memory': {
    breaks: "touches memory that is not the mapping's",
    fixes: "accesses to memory that is not the mapping's",
  },
  'map-succeeds': { breaks: 'fails maps that could work', fixes: 'maps that failed without need' },
  'min-align': {
    breaks: 'loses address bits under min_align_mask',
    fixes: 'address bits lost under min_align_mask',
  },
  segments: { breaks: "exceeds the device's segment limits", fixes: 'segments beyond the limits' },
  attributes: { breaks: 'maps with wrong CACHE or PRIV', fixes: 'wrong CACHE or PRIV' },
  'bounce-only-if-needed': { breaks: 'bounces what needs no bounce', fixes: 'bouncing without need' },
};

const STALE_AT_THE_CALLER: Words = {
  breaks: 'leaks stale bytes to the caller where the device wrote nothing',
  fixes: 'stale bytes at the caller where the device wrote nothing',
};

/** Where the cause says more than the clause does. */
const CAUSE_WORDS: Readonly<Record<string, Words>> = {
  'isolation cleared-by-operation': {
    breaks: "clears another mapping's bytes",
    fixes: "another mapping's bytes that were cleared",
  },
  'own-memory foreign-slot': {
    breaks: 'accesses swiotlb slots that are not its own',
    fixes: 'accesses to swiotlb slots that are not its own',
  },
  'partial-write-preserved never-cleared': STALE_AT_THE_CALLER,
  'confinement-read never-cleared': {
    breaks: 'leaves stale bytes where the device can read them',
    fixes: 'stale bytes that a device could read',
  },
} satisfies Partial<Record<`${ClauseId} ${Cause}`, Words>>;

/** Clauses that are broken by a call, not of a byte. */
const IN_A_CALL: ReadonlySet<ClauseId> = new Set(['no-crash', 'no-warn', 'failed-map-harmless']);

/** `crashes in map_page` for one that breaks it, `the crash in map_page` for one that fixes it. */
export function wordsOf({ clause, cause, cases: [first] }: Finding, form: keyof Words): string {
  const { step: at, observed } = first?.to ?? first?.from ?? {};
  // Whatever kept them there, they are nobody's to see.
  const isLeak = clause === 'partial-write-preserved' && observed !== undefined && isStale(observed);
  const said = isLeak ? STALE_AT_THE_CALLER : (CAUSE_WORDS[`${clause} ${cause}`] ?? CLAUSE_WORDS[clause]);
  const words = said[form];
  if (first === undefined || !IN_A_CALL.has(clause)) return words;
  const step = elementAt(first.scenario.steps, at);
  return step === undefined ? words : `${words} in ${step.op}`;
}
