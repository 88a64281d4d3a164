// SPDX-License-Identifier: GPL-2.0-only
/** The commands there are. Each is loaded when it is named. */
import type { Command } from './cli.ts';

/** A command as the list has it. */
export interface Entry {
  readonly name: string;
  readonly summary: string;
  /** It works on the repository itself: an installed package says so and does nothing. */
  readonly checkoutOnly?: true;
  load(): Promise<Command>;
}

/** Every command of the tool: `npm run NAME` in a checkout, `npx bouncediff NAME` anywhere. */
export const COMMANDS: readonly Entry[] = [
  {
    name: 'compare',
    summary: 'What changed in observable behaviour and cost between two states of the series.',
    load: async () => (await import('./compare.ts')).compare,
  },
  {
    name: 'review',
    summary: "What a posted series changes, from its mails and a kernel tree: the kernel's own C, compiled.",
    load: async () => (await import('./review.ts')).review,
  },
  {
    name: 'import',
    summary: 'Keeps a kernel tree, and series on it, as states that every command takes.',
    load: async () => (await import('./import.ts')).importCommand,
  },
  {
    name: 'matrix',
    summary: 'Many states side by side: clauses, scenarios and costs. Default: series ends and suggestions.',
    load: async () => (await import('./matrix.ts')).matrix,
  },
  {
    name: 'costs',
    summary: 'What one operation costs in some states: copies, cache maintenance, walks, IOMMU calls.',
    load: async () => (await import('./costs.ts')).costs,
  },
  {
    name: 'explore',
    summary: 'Generated programs on which two states differ, or on which one state breaks the contract.',
    load: async () => (await import('./explore.ts')).explore,
  },
  {
    name: 'power',
    summary:
      'Small mistakes on the lines that patches touch, and how many of them a comparison would notice.',
    load: async () => (await import('./power.ts')).power,
  },
  {
    name: 'states',
    summary: 'The states of the series, with where they come from.',
    load: async () => (await import('./states.ts')).states,
  },
  {
    name: 'trace',
    summary:
      'Every kernel function that a state calls in a scenario, and which method of which patch called it.',
    load: async () => (await import('./trace.ts')).trace,
  },
  {
    name: 'source',
    summary: "A state's code after all of its patches, or how it differs from another state's.",
    load: async () => (await import('./source.ts')).source,
  },
  {
    name: 'thread',
    summary:
      'The review of v3, mail by mail: each technical point, the command that answers it, and the answer.',
    load: async () => (await import('./thread.ts')).thread,
  },
  {
    name: 'fidelity',
    summary: "Replays what the kernel's own C was recorded doing, on every state, and compares call by call.",
    load: async () => (await import('./fidelity.ts')).fidelity,
  },
  {
    name: 'new-state',
    summary: 'Starts the next revision: a folder of patches on top of a state, ready to edit and to compare.',
    checkoutOnly: true,
    load: async () => (await import('./new-state.ts')).newState,
  },
  {
    name: 'bench',
    summary: 'Scenario runs and explored programs per second, and where time and memory go.',
    checkoutOnly: true,
    load: async () => (await import('./bench.ts')).bench,
  },
  {
    name: 'fuzz',
    summary: 'Damaged scenarios, expectations and recordings: each is refused in one line, or works.',
    checkoutOnly: true,
    load: async () => (await import('./fuzz.ts')).fuzz,
  },
  {
    name: 'reports',
    summary:
      'The reports of the series in reports/: each revision against the one before, the suggestions, the matrix.',
    checkoutOnly: true,
    load: async () => (await import('./reports.ts')).reports,
  },
  {
    name: 'pictures:look',
    summary: 'The pictures of reports/ as a browser draws them, light and dark, as PNG in a folder.',
    checkoutOnly: true,
    load: async () => (await import('./pictures-look.ts')).picturesLook,
  },
  {
    name: 'schema',
    summary: 'The JSON schema of scenario files, corpus/scenario.schema.json, from the one they are read by.',
    checkoutOnly: true,
    load: async () => (await import('./schema.ts')).schema,
  },
  {
    name: 'touched',
    summary:
      'The comparisons that changed files touch, a line each; report-only where no state itself changed.',
    checkoutOnly: true,
    load: async () => (await import('./touched.ts')).touched,
  },
  {
    name: 'pull-request',
    summary: 'Compares the pairs of a file (npm run touched) and writes reports, data and one comment.',
    checkoutOnly: true,
    load: async () => (await import('./pull-request.ts')).pullRequest,
  },
  {
    name: 'sticky-comment',
    summary: 'Keeps one comment of a pull request up to date, through gh.',
    checkoutOnly: true,
    load: async () => (await import('./sticky-comment.ts')).stickyComment,
  },
];
