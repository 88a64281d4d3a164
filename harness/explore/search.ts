// SPDX-License-Identifier: GPL-2.0-only
/** Runs programs one after the other and keeps a shrunk one for each mechanism. */
import type { Expectation } from '../compare/expectations.ts';
import type { Machine } from '../machine/machine.ts';
import type { Shown } from './mechanism.ts';
import { mechanismId } from './mechanism.ts';
import { expectedAs, probe, type Subject } from './probe.ts';
import type { Program } from './program.ts';
import { shrink } from './shrink.ts';
import type { ProgramSource } from './source.ts';

/** A mechanism, and the smallest program that shows it. */
export interface ExploredFinding {
  /** Of the mechanism: what --finding takes. */
  readonly id: string;
  readonly shown: Shown;
  /** Number of the program that showed it first. */
  readonly index: number;
  /** Steps of that program. */
  readonly steps: number;
  readonly program: Program;
  /** Programs that shrinking tried. */
  readonly tries: number;
  /** What the same shrunk program shows as well; no findings of their own. */
  readonly also: readonly Shown[];
}

/** An accepted outcome that came up. */
export interface ExpectedFinding {
  readonly entry: Expectation;
  readonly shown: Shown;
  /** Number of the program that showed it first. */
  readonly index: number;
}

/** What came of a search. */
export interface SearchResult {
  readonly programs: number;
  /** In the order in which they were found. */
  readonly findings: readonly ExploredFinding[];
  readonly expected: readonly ExpectedFinding[];
}

/** A search that can be asked for one program after the other. */
export class Search implements SearchResult {
  readonly findings: ExploredFinding[] = [];
  readonly expected: ExpectedFinding[] = [];
  programs = 0;
  private readonly machine: Machine;
  private readonly subject: Subject;
  private readonly source: ProgramSource;
  private readonly expectations: readonly Expectation[];
  private readonly only: string | undefined;
  private readonly seen = new Set<string>();

  /** `only`: the id of the one mechanism to look for. */
  constructor(
    machine: Machine,
    subject: Subject,
    source: ProgramSource,
    expectations: readonly Expectation[],
    only?: string,
  ) {
    this.machine = machine;
    this.subject = subject;
    this.source = source;
    this.expectations = expectations;
    this.only = only;
  }

  /** Runs program number `index`. */
  run(index: number): void {
    const program = this.source.at(index);
    this.programs++;
    for (const shown of probe(this.machine, this.subject, program)) {
      const { key } = shown;
      if (this.seen.has(key)) continue;
      if (this.only !== undefined && mechanismId(key) !== this.only) continue;
      this.seen.add(key);
      const entry = expectedAs(this.expectations, shown);
      if (entry !== undefined) this.expected.push({ entry, shown, index });
      else this.add(program, shown, index);
    }
  }

  private add(found: Program, shown: Shown, index: number): void {
    const { key } = shown;
    const { program, tries } = shrink(found, (candidate) =>
      probe(this.machine, this.subject, candidate).some((other) => other.key === key),
    );
    const also = probe(this.machine, this.subject, program).filter((other) => other.key !== key);
    // What this program shows anyway needs no program of its own.
    for (const other of also) this.seen.add(other.key);
    const text = JSON.stringify(program);
    if (this.findings.some((finding) => JSON.stringify(finding.program) === text)) return;
    this.findings.push({
      id: mechanismId(key),
      shown,
      index,
      steps: found.steps.length,
      program,
      tries,
      also,
    });
  }
}
