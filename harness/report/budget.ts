// SPDX-License-Identifier: GPL-2.0-only
/** Fits a report onto a page: what matters least shrinks first. */
import { plural, type Block } from '../text/document.ts';
import { lengthInMarkdown } from '../text/render-markdown.ts';

/** Bytes of Markdown that somebody reads in one go; well below what a GitHub comment takes. */
export const PAGE_BUDGET = 29_000;
/** Room for the line that says what was cut. */
const NOTE = 800;
/** An empty line between two sections. */
const SEPARATOR = 2;

/** A part of a report, at several lengths. */
export interface Section {
  /** The richest first; one without blocks leaves the section out. */
  readonly levels: readonly Level[];
}

export interface Level {
  readonly blocks: readonly Block[];
  /** What the reader misses at this level: a noun, counted if there is a count. */
  readonly lost?: string;
  readonly count?: number;
}

/** The sections in reading order, and how they shrink, step by step. */
export interface Plan {
  readonly sections: readonly Section[];
  readonly shrinking: readonly Step[];
}

/** A section shrinks until it has that many shorter forms left; the shortest has none. */
export interface Step {
  readonly section: Section;
  readonly left: number;
}

/** The steps that shrink each of the sections, the last one first. */
export function shrink(sections: readonly Section[], left: number): Step[] {
  return sections.toReversed().map((section) => ({ section, left }));
}

/** As much of each section as the budget takes, and what it did not take. */
export function fit(plan: Plan, budget: number): { blocks: Block[]; lost: string[] } {
  const at = new Map(plan.sections.map((section) => [section, 0]));
  const level = (section: Section): Level => section.levels[at.get(section) ?? 0] ?? { blocks: [] };
  const size = (section: Section): number => lengthInMarkdown(level(section).blocks) + SEPARATOR;
  let total = plan.sections.reduce((sum, section) => sum + size(section), 0);
  for (const { section, left } of plan.shrinking) {
    if (total + NOTE <= budget) break;
    const index = section.levels.length - 1 - left;
    if (index <= (at.get(section) ?? 0)) continue;
    total -= size(section);
    at.set(section, index);
    total += size(section);
  }
  const lost = new Map<string, number>();
  for (const section of plan.sections) {
    const { lost: what, count = 0 } = level(section);
    if (what !== undefined) lost.set(what, (lost.get(what) ?? 0) + count);
  }
  return {
    blocks: plan.sections.flatMap((section) => level(section).blocks),
    lost: [...lost].map(([what, n]) => (n === 0 ? what : plural(n, what))),
  };
}
