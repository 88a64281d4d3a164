// SPDX-License-Identifier: GPL-2.0-only
/** States of C are compiled before they run, and as the work finds out that it needs them. */
import type { Scenario } from '../harness/run/scenario.ts';
import { NotReady } from '../harness/subject/not-ready.ts';
import { ALL_BUILDS, type MachineBuild, type State } from '../harness/subject/state.ts';
import { interruptible } from './interrupt.ts';
import { endProgress, showProgress } from './terminal.ts';

/** Compiles what these states need for the scenarios, and says how far it is. */
export async function compileFor(states: readonly State[], scenarios: readonly Scenario[]): Promise<void> {
  await compile(states, buildsOf(scenarios));
}

async function compile(states: readonly State[], builds: readonly MachineBuild[]): Promise<void> {
  if (states.every((state) => state.prepare === undefined)) return;
  // Other states need nothing of it.
  const { compileAhead } = await import('../harness/kernel-c/compiled-state.ts');
  await compileAhead(states, builds, {
    onProgress(title, done, total) {
      if (done === total) endProgress();
      else showProgress(() => `compiling ${title}, ${done}/${total}`);
    },
  });
}

/** The same for whatever programs there may be. */
export async function compileForAll(states: readonly State[]): Promise<void> {
  await compile(states, ALL_BUILDS);
}

/** interruptible() work that begins again whenever a state that it tries out was not compiled. */
export async function whenCompiled<T>(work: () => T): Promise<T> {
  for (;;) {
    try {
      return await interruptible(work);
    } catch (error) {
      if (!(error instanceof NotReady)) throw error;
      const { wanted } = error;
      const names = [...new Set(wanted.map(({ state }) => state.id))].join(', ');
      showProgress(() => `compiling ${names}`);
      const { compileOnTrial } = await import('../harness/kernel-c/compiled-state.ts');
      await Promise.all(wanted.map(async (one) => compileOnTrial(one)));
      endProgress();
    }
  }
}

/** The machines that scenarios run on, as far as C is compiled for them. */
export function buildsOf(scenarios: readonly Scenario[]): MachineBuild[] {
  const builds = new Map<string, MachineBuild>();
  for (const { machine } of scenarios) {
    const { pageSize, swiotlb } = machine;
    builds.set(`${pageSize} ${swiotlb}`, { pageSize, swiotlb });
  }
  return [...builds.values()];
}
