// SPDX-License-Identifier: GPL-2.0-only
/** Reports of real comparisons, on a part of the corpus. */
import { join } from 'node:path';
import type { State } from '../../subject/state.ts';
import { findState } from '../../../variants/registry.ts';
import { Machine } from '../../machine/machine.ts';
import { loadCorpus, selectScenarios } from '../../scenario/load.ts';
import { makeReport } from '../make-report.ts';
import type { Report } from '../report.ts';

const corpus = loadCorpus(join(import.meta.dirname, '..', '..', '..', 'corpus'));

function state(id: string): State {
  const found = findState(id);
  if (found === undefined) throw new Error(id);
  return found;
}

/** What `compare from to --scenario glob` is made of, with `traces` as with `--traces`. */
export function reportOf(from: string, to: string, glob: string, traces = false): Report {
  return makeReport(new Machine(), state(from), state(to), {
    scenarios: selectScenarios(corpus, glob),
    expectations: [],
    allClaims: false,
    traces,
    context: { corpusHash: 'abc', version: '1.2.3' },
  }).report;
}
