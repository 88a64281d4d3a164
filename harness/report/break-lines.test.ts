// SPDX-License-Identifier: GPL-2.0-only
/** Which line of a trace shows a finding, and which changed its byte. */
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { findState } from '../../variants/registry.ts';
import { judge } from '../contract/contract.ts';
import type { Cause, ClauseId } from '../contract/verdict.ts';
import { Machine } from '../machine/machine.ts';
import { runScenario } from '../run/interpreter.ts';
import { traceOf } from '../run/trace.ts';
import { loadCorpus, selectScenarios } from '../scenario/load.ts';
import { breakLines, type LineRef } from './break-lines.ts';

const corpus = loadCorpus(join(import.meta.dirname, '..', '..', 'corpus'));

/** The lines, as `step, counted from 1: the line`, for what the state breaks in the only case. */
function shown(id: string, glob: string, clause: ClauseId, cause: Cause): (string | undefined)[] {
  const state = findState(id);
  const [scenario, ...others] = selectScenarios(corpus, glob);
  if (state === undefined || scenario === undefined || others.length > 0) throw new Error(glob);
  const run = runScenario(new Machine(), state, scenario);
  const found = judge(run, [clause]).flatMap(({ breaks }) => breaks);
  const evidence = found.find((one) => one.cause === cause)?.evidence;
  if (evidence === undefined) throw new Error(`${clause} holds`);
  const { breaksAt, changedAt } = breakLines({ state, run }, { clause, cause, evidence });
  const trace = traceOf(run);
  const said = (ref: LineRef): string => {
    const line = trace.find(({ step, event }) => step === ref.step && event === ref.event);
    return `${ref.step + 1}: ${line?.raw.trim() ?? 'no line'}`;
  };
  return [said(breaksAt), changedAt && said(changedAt)];
}

test.each<[string, string, string, ClauseId, Cause, string, string | undefined]>([
  [
    'a memset over another mapping; then it is mapped, which changes nothing',
    'v3',
    'min-align-mask/neighbour-slot[scribble=false]',
    'isolation',
    'cleared-by-operation',
    '3: memset(0x1001000, 0, size 2048)',
    '3: memset(0x1001000, 0, size 2048)',
  ],
  [
    'an invalidate that throws away what the CPU wrote; then a map that fails',
    'v2.1',
    'found/failed-list-map-throws-cached-bytes-away[untrusted=false]',
    'failed-map-harmless',
    'buffer-changed',
    '3: arch_sync_dma_for_device(0x100000, size 512, FROM_DEVICE)',
    '3: arch_sync_dma_for_device(0x100000, size 512, FROM_DEVICE)',
  ],
  [
    'the same in an earlier step; the invalidate of the unmap finds nothing to throw away',
    'v1',
    'sg/one-entry[untrusted=false,dir=FROM_DEVICE]',
    'partial-write-preserved',
    'dropped-by-arch-invalidate',
    '5: unmap_sg io',
    '2: arch_sync_dma_for_device(0x100200, size 1024, FROM_DEVICE)',
  ],
  [
    'nothing was copied: the byte is as it was at first',
    'baseline',
    'found/device-writes-again-into-a-cached-list',
    'from-device-data',
    'not-copied',
    '4: sync_sg_for_cpu m0',
    undefined,
  ],
  [
    'a dirty line written back over what the device writes; two copies of it change nothing',
    'v2.1',
    'min-align-mask/short-device-write[minAlignMask=0,dir=BIDIRECTIONAL,coherent=false]',
    'from-device-data',
    'overwritten-by-write-back',
    '3: unmap_page read',
    '2: device_write read[0x0, +100]',
  ],
  [
    'a copy of what was scribbled; the scribbles behind it do not reach the byte that is read',
    'v2',
    'found/scribble-into-the-slot-beside[dir=FROM_DEVICE,owner=neighbour]',
    'partial-write-preserved',
    'overwritten',
    '3: copy 0x1001800 → 0x110000, size 512',
    '3: copy 0x1001800 → 0x110000, size 512',
  ],
  [
    'a translation that is left: who installed it',
    'v2',
    'min-align-mask/padding[minAlignMask=4095,dir=BIDIRECTIONAL,attrs=NONE,coherent=false]',
    'revocation',
    'page-table-entry-left',
    '2: unmap_page io',
    '1: iommu_map(0xffffe000 → 0x1000000, size 0x2000, READ|WRITE) = 0',
  ],
  [
    'a range that is left: the call that took it, in a step before those that were skipped',
    'baseline',
    'errors/buffer-wider-than-dma-mask[untrusted=false]',
    'no-leftovers',
    'iova-left',
    '1: alloc_iova_fast(pages 8, limit 0x7) = 0',
    undefined,
  ],
])('%s', (_, id, glob, clause, cause, breaksAt, changedAt) => {
  expect(shown(id, glob, clause, cause)).toEqual([breaksAt, changedAt]);
});
