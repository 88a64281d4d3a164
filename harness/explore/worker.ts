// SPDX-License-Identifier: GPL-2.0-only
/** Runs in a thread of its own and does what it is sent (see workers.ts). */
import { parentPort, workerData } from 'node:worker_threads';
import { Prober, type Assignment } from './prober.ts';
import type { Task } from './workers.ts';

const { assignment } = workerData as { readonly assignment: Assignment };
const prober = Prober.of(assignment);

parentPort?.on('message', (task: Task) => {
  if (task.do === 'learn') {
    prober.learn(task.lesson);
    return;
  }
  const result =
    task.do === 'probe' ? prober.probe(task.first, task.end) : prober.shrink(task.index, task.key);
  parentPort?.postMessage(result);
});
