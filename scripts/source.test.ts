// SPDX-License-Identifier: GPL-2.0-only
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { EXIT_OK, EXIT_TROUBLE } from './cli.ts';
import { runCommandLine } from './main.ts';

let printed = '';
let complained = '';
beforeEach(() => {
  printed = '';
  complained = '';
  process.env['NO_COLOR'] = '1';
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    complained += String(text);
    return true;
  });
});
afterEach(() => {
  jest.restoreAllMocks();
});

describe('a state', () => {
  test('whole, every function under the patch that wrote it last', async () => {
    expect(await runCommandLine(['source', 'v3.5'])).toBe(EXIT_OK);
    expect(printed).toContain(
      '// mapSwiotlb: __iommu_dma_map_swiotlb(), last written by v3.5, "dma-iommu: account for min_align_mask"\n' +
        '// variants/v3/account-for-min-align-mask.ts:',
    );
    expect(printed).toContain('// isUnaligned: a helper, as before the series\n');
    expect(printed).not.toContain('clearPadding');
  });

  test.each(['unmapPage', 'iommu_dma_unmap_page', 'iommu_dma_unmap_page()'])('only %s', async (name) => {
    expect(await runCommandLine(['source', 'v2.4', name])).toBe(EXIT_OK);
    expect(printed).toBe(`// unmapPage: iommu_dma_unmap_page(), as before the series
// variants/baseline.ts:${/baseline.ts:(\d+)/.exec(printed)?.[1]}
/** iommu_dma_unmap_page(). */
unmapPage(dev: Device, handle: DmaAddr, size: Size, dir: Direction, attrs: Attrs): void {
  if ((attrs & DMA_ATTR_SKIP_CPU_SYNC) === 0) this.syncSingleForCpu(dev, handle, size, dir);
  this.unmapSwiotlb(dev, handle, size, dir, attrs);
}
`);
  });

  test('a kernel function that is two methods here', async () => {
    await runCommandLine(['source', 'v8', 'iommu_dma_map_sg']);
    expect(printed.match(/^\/\/ \w+:/gm)).toEqual(['// mapSg:', '// mapSgTrusted:']);
  });
});

describe('two states', () => {
  test('a change', async () => {
    expect(await runCommandLine(['source', 'v2.1', '--diff', 'v3.1'])).toBe(EXIT_OK);
    expect(printed).toBe(`v2.1 → v3.1 (- is v2.1, + is v3.1): 1 function differs

changed: syncSgForCpu (iommu_dma_sync_sg_for_cpu)
--- v2.1/syncSgForCpu\tv2.1
+++ v3.1/syncSgForCpu\tv3.1
@@ -5,6 +5,6 @@
     if (this.kernel.devIsUntrusted(dev))
       this.syncSingleForCpu(dev, sg.dmaAddress, sg.length, dir);
     else
-      this.kernel.swiotlbSyncSingleForCpu(dev, sg.phys, sg.length, dir);
+      this.kernel.archSyncDmaForCpu(sg.phys, sg.length, dir);
   }
 }
`);
  });

  test('a move', async () => {
    await runCommandLine(['source', 'v5.3', 'mapPage', '--diff', 'v5.4']);
    expect(printed).toBe(
      'v5.3 → v5.4 (- is v5.3, + is v5.4): 1 function only moved\n\nmoved: mapPage (iommu_dma_map_page): mapSwiotlb folded into mapPage\n',
    );
  });

  test('a function that only one of them has', async () => {
    await runCommandLine(['source', 'baseline', 'devUseSwiotlb', '--diff', 'v2']);
    expect(printed).toContain(
      'added: devUseSwiotlb (dev_use_swiotlb)\n--- /dev/null\n+++ v2/devUseSwiotlb\tv2.4\n',
    );
  });

  test('the other way round, with the newer state as the - side', async () => {
    await runCommandLine(['source', 'v3.1', 'syncSgForCpu', '--diff', 'v2.1']);
    expect(printed).toContain('v3.1 → v2.1 (- is v3.1, + is v2.1): 1 function differs\n');
    expect(printed).toContain('\n--- v3.1/syncSgForCpu\tv3.1\n+++ v2.1/syncSgForCpu\tv2.1\n');
    expect(printed).toContain('\n-      this.kernel.archSyncDmaForCpu(');
  });

  test('no difference', async () => {
    await runCommandLine(['source', 'v7', '--diff', 'v8']);
    await runCommandLine(['source', 'v5', 'mapSg', '--diff', 'v6']);
    expect(printed).toBe('v7 → v8: no function differs.\nv5 → v6: no part of mapSg differs.\n');
  });
});

test.each([
  [['v8x'], 'unknown state "v8x"; nearest: v8'],
  [['v8', '--diff', 'v80'], 'unknown state "v80"; nearest: v8'],
  [['v8', 'mapPgae'], 'no function "mapPgae" in v8; nearest: mapPage, mapSg, unmapPage\n'],
  [['v8', 'iommu_dma_mappage'], 'no function "iommu_dma_mappage" in v8; nearest: iommu_dma_map_page, '],
  [['v8', '!'], 'no function "!" in v8; there are '],
  [['v7', 'mapSwiotlb', '--diff', 'v8'], 'no function "mapSwiotlb" in v7 or v8; nearest: '],
  [[], "missing required argument 'state' (see npx bouncediff source --help)\n"],
])('%j is one line of trouble', async (argv, message) => {
  expect(await runCommandLine(['source', ...argv])).toBe(EXIT_TROUBLE);
  expect(complained).toContain(`bouncediff: ${message}`);
  expect(complained.split('\n')).toHaveLength(2);
  expect(printed).toBe('');
});
