// SPDX-License-Identifier: GPL-2.0-only
/** Known-bad outcomes that a reader has accepted, each with its reason. */
import { lstatSync } from 'node:fs';
import { z } from 'zod';
import { parseDocument, YAMLSeq } from 'yaml';
import { allStates, findState } from '../../variants/registry.ts';
import { CLAUSE_IDS, type Cause, type ClauseId } from '../contract/verdict.ts';
import { CAUSES } from '../contract/words.ts';
import { firstProblem } from '../text/issues.ts';
import { quoted, InputError } from '../text/input-error.ts';
import { suggestion } from '../text/user-error.ts';
import type { Scenario } from '../run/scenario.ts';
import { globOf, type Glob } from '../scenario/glob.ts';
import { readText } from '../text/read-file.ts';
import { YamlSource } from '../text/yaml-source.ts';
import type { Comparison, Finding, FindingCase } from './comparison.ts';

const entrySchema = z.strictObject({
  /** `all`, a state, or a range `v3..v6` in the order of `npm run states`. */
  states: z.string().min(1),
  /** Pattern over scenario or case ids. */
  scenario: z.string().min(1),
  clause: z.enum(CLAUSE_IDS, { error: ({ input }) => notOneOf(input, 'a clause', CLAUSE_IDS) }),
  /** Without it: any cause. */
  cause: z.enum(CAUSES, { error: ({ input }) => notOneOf(input, 'a cause', CAUSES) }).optional(),
  reason: z.string().min(1),
  link: z.string().optional(),
});

function notOneOf(input: unknown, what: string, known: readonly string[]): string {
  if (input === undefined) return `missing; one of ${known.join(', ')}`;
  return `${quoted(input)} is not ${what}; ${suggestion(typeof input === 'string' ? input : '', known)}`;
}

/** An accepted outcome. */
export interface Expectation extends z.infer<typeof entrySchema> {
  /** Where it stands in its file. */
  readonly line: number;
}

/** Findings that were expected, and the entry that says so. */
export interface Expected {
  readonly entry: Expectation;
  readonly cases: readonly FindingCase[];
}

/** Largest file, bytes. */
const MAX_SIZE = 256 * 1024;

/** A name that a state may have that is in no registry: of a series under review, or imported. */
const ANY_STATE = /^[a-z0-9._-]+(?:\/[a-z0-9._-]+)*$/;

/**
 * Reads the file; none is no expectations. Throws UserError with file and line. `anyState`: it may name states
 * that are not known here.
 */
export function loadExpectations(file: string, { anyState = false } = {}): Expectation[] {
  // A link that leads nowhere is there.
  if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return [];
  return parseExpectations(readText(file, MAX_SIZE), file, { anyState });
}

/** The expectations in a text. Throws InputError with file and line. */
export function parseExpectations(text: string, file: string, { anyState = false } = {}): Expectation[] {
  const source = new YamlSource(text, file, MAX_SIZE);
  const { success, data, error } = z.array(entrySchema).safeParse(source.data ?? []);
  if (!success) throw firstProblem(source, error, []);
  return data.map((entry, index) => {
    const { line } = source.position([index]);
    if (!anyState || entry.states.includes('..') || !ANY_STATE.test(entry.states)) {
      checkStates(file, source, entry.states, index);
    }
    return { ...entry, line };
  });
}

function checkStates(file: string, source: YamlSource, states: string, index: number): void {
  const path = [index, 'states'];
  const fail = (problem: string): never => {
    throw new InputError(file, source.position(path), path, problem);
  };
  if (states === 'all') return;
  const ends = states.split('..');
  const unknown = ends.find((id) => findState(id) === undefined);
  if (unknown !== undefined) {
    fail(`no state ${quoted(unknown)}; allowed: all, a state, or a range like v3..v6`);
  }
  if (ends.length > 2) fail(`${quoted(states)} is no range: a range has two ends, like v3..v6`);
  const [first, last] = rangeOf(states);
  if (first > last) fail(`${quoted(states)} holds no state: ${ends[0]} comes after ${ends[1]}`);
}

/** The first and the last place of an entry's states among all states. */
function rangeOf(states: string): [number, number] {
  const order = allStates().map((state) => state.id);
  const place = (name: string): number => order.indexOf(findState(name)?.id ?? '');
  const [first = states, last = first] = states.split('..');
  return [place(first), place(last)];
}

/** The comparison without what is expected of its second state, and what that was. */
export function applyExpectations(
  comparison: Comparison,
  entries: readonly Expectation[],
): { comparison: Comparison; expected: Expected[] } {
  const expected = new Map<Expectation, FindingCase[]>();
  const findings = comparison.findings.flatMap((finding): Finding[] => {
    const cases = finding.cases.filter((found) => {
      const entry = entries.find((e) => covers(e, comparison.to.id, finding, found.scenario));
      if (entry !== undefined) expected.set(entry, [...(expected.get(entry) ?? []), found]);
      return entry === undefined;
    });
    return cases.length === 0 ? [] : [{ ...finding, cases }];
  });
  return {
    comparison: { ...comparison, findings },
    expected: [...expected].map(([entry, cases]) => ({ entry, cases })),
  };
}

/** Entries about the two states that nothing in a whole comparison of them matches. */
export function unmatched(
  entries: readonly Expectation[],
  { from, to, findings }: Comparison,
): Expectation[] {
  const about = entries.filter((entry) => isFor(entry, from.id) || isFor(entry, to.id));
  return about.filter(
    (entry) =>
      !findings.some(({ clause, cause, cases }) =>
        cases.some(({ scenario }) => matches(entry, clause, cause, scenario)),
      ),
  );
}

function covers(
  entry: Expectation,
  state: string,
  { kind, clause, cause }: Finding,
  scenario: Scenario,
): boolean {
  if (kind === 'fixed' || kind === 'hidden') return false;
  // What all states have is no excuse for a state that has just got it.
  if (kind === 'regressed' && entry.states === 'all') return false;
  return isFor(entry, state) && matches(entry, clause, cause, scenario);
}

function matches(entry: Expectation, clause: ClauseId, cause: Cause, scenario: Scenario): boolean {
  if (entry.clause !== clause || (entry.cause !== undefined && entry.cause !== cause)) return false;
  let isMeant = globs.get(entry.scenario);
  if (isMeant === undefined) globs.set(entry.scenario, (isMeant = globOf(entry.scenario)));
  return isMeant(scenario.id) || isMeant(scenario.scenario);
}

/** The patterns of entries, once made. */
const globs = new Map<string, Glob>();

function isFor({ states }: Expectation, id: string): boolean {
  if (states === 'all' || states === id) return true;
  const [first, last] = rangeOf(states);
  const [at] = rangeOf(id);
  return first >= 0 && at >= first && at <= last;
}

/** The file's text with entries for the regressions of a comparison added, each with `reason`. */
export function accept(
  text: string,
  { findings, to }: Comparison,
  reason: string,
): { text: string; added: number } {
  const document = parseDocument(text);
  const list = document.contents instanceof YAMLSeq ? document.contents : new YAMLSeq();
  const entries = findings
    .filter(({ kind }) => kind === 'regressed')
    .flatMap(({ clause, cause, cases }) =>
      [...new Set(cases.map(({ scenario }) => scenario.scenario))].map((scenario) => ({
        states: to.id,
        scenario,
        clause,
        cause,
        reason,
      })),
    );
  for (const entry of entries) list.add(document.createNode(entry));
  if (document.contents !== list) document.contents = list as typeof document.contents;
  return { text: document.toString({ lineWidth: 0 }), added: entries.length };
}
