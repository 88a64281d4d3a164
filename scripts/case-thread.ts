// SPDX-License-Identifier: GPL-2.0-only
/** Runs in a thread of its own and does with cases what it is sent (see case-work.ts). */
import { parentPort, workerData } from 'node:worker_threads';
import { walkBetween } from '../harness/compare/chain.ts';
import { Prefixes } from '../harness/compare/prefixes.ts';
import { Machine } from '../harness/machine/machine.ts';
import { comparing, measuring, ownState, type CaseTask, type Named } from './case-work.ts';

const named = workerData as Named;
const from = ownState(named.from);
const to = ownState(named.to);
const compare = comparing(from, to);
const measure = measuring(new Prefixes(new Machine()), walkBetween(from, to).forth);

parentPort?.on('message', (task: CaseTask) => {
  parentPort?.postMessage(task.do === 'compare' ? compare(task.cases) : measure(task.cases));
});
