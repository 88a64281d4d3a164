// SPDX-License-Identifier: GPL-2.0-only
import { appendFileSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { CodeLayer, State } from '../subject/state.ts';
import { findState } from '../../variants/registry.ts';
import type { StateRef } from './effective-source.ts';
import { writeSeries } from './new-series.ts';
import type { SeriesDraft } from './series-draft.ts';
import { openSources } from './sources.ts';
import { copyOfRepository } from './testing/checkout.ts';

let root: string;
beforeEach(() => {
  root = copyOfRepository(['variants', 'package.json', '.prettierrc.json']);
});
afterEach(() => rmSync(root, { recursive: true }));

function state(id: string): State {
  const found = findState(id);
  if (found === undefined) throw new Error(`no such state: ${id}`);
  return found;
}

function read(path: string): string {
  return readFileSync(join(root, 'variants', path), 'utf8');
}

/** A state with more patches, which are written in the copy: each with its module under variants/. */
function standingOn(base: StateRef, id: string, ...patches: (readonly [string, string])[]): StateRef {
  const layers = patches.map(([patch, path]): CodeLayer => ({
    id: patch,
    file: 'dmaIommu',
    module: pathToFileURL(join(root, 'variants', path)).href,
    methods: [],
  }));
  return { id, origin: base.origin, code: [...(base.code ?? []), ...layers] };
}

/** Names in variants/, and the registry. */
function snapshot(): unknown {
  return [readdirSync(join(root, 'variants')), read('registry.ts')];
}

const DRAFT: SeriesDraft = {
  name: 'v99',
  from: state('v8'),
  patches: [
    { subject: '[PATCH 1/2] dma-iommu: do it better', overrides: ['unmapIova', '__iommu_dma_map'] },
    { subject: "swiotlb: don't copy", overrides: [] },
  ],
};

describe('a series', () => {
  test('has a module for each patch, a cover letter, and a place in the registry', async () => {
    const files = await writeSeries(root, DRAFT);
    expect(files.map(({ path }) => path)).toEqual([
      'variants/v99/do-it-better.ts',
      'variants/v99/dont-copy.ts',
      'variants/v99/index.ts',
      'variants/registry.ts',
    ]);
    for (const { path, text } of files) expect(readFileSync(join(root, path), 'utf8')).toBe(text);
    expect(read('v99/do-it-better.ts')).toMatchInlineSnapshot(`
      "// SPDX-License-Identifier: GPL-2.0-only
      import { DMA_MAPPING_ERROR, type Device, type DmaAddr, type PhysAddr, type Size } from '../dma-ops.ts';
      import type { Patch } from '../patch.ts';

      /** To be written: what this patch changes. */
      export const doItBetter: Patch = (Base) =>
        class extends Base {
          static readonly module = import.meta.url;

          /** __iommu_dma_map(). */
          override mapIova(dev: Device, phys: PhysAddr, size: Size, prot: number): DmaAddr {
            const offset = this.kernel.iovaOffset(dev, phys);
            const length = this.kernel.iovaAlign(dev, size + offset);
            const iova = this.allocIova(dev, length, this.kernel.dmaGetMask(dev));
            if (iova === 0) return DMA_MAPPING_ERROR;
            if (this.kernel.iommuMap(dev, iova, phys - offset, length, prot) !== 0) {
              this.freeIova(dev, iova, length);
              return DMA_MAPPING_ERROR;
            }
            return iova + offset;
          }

          /** __iommu_dma_unmap(). */
          override unmapIova(dev: Device, handle: DmaAddr, size: Size): void {
            const offset = this.kernel.iovaOffset(dev, handle);
            const base = handle - offset;
            const length = this.kernel.iovaAlign(dev, size + offset);
            const unmapped = this.kernel.iommuUnmap(dev, base, length);
            if (unmapped !== length) this.kernel.warnUnmapped(dev, unmapped, length);
            if (!this.kernel.fqDomain(dev)) this.kernel.iommuIotlbSync(dev);
            this.freeIova(dev, base, length);
          }
        };
      "
    `);
    expect(read('v99/dont-copy.ts')).toMatchInlineSnapshot(`
      "// SPDX-License-Identifier: GPL-2.0-only
      import type { Patch } from '../patch.ts';

      /** To be written: what this patch changes. */
      export const dontCopy: Patch = (Base) =>
        class extends Base {
          static readonly module = import.meta.url;
        };
      "
    `);
    expect(read('v99/index.ts')).toMatchInlineSnapshot(`
      "// SPDX-License-Identifier: GPL-2.0-only
      import type { Series } from '../patch.ts';
      import { doItBetter } from './do-it-better.ts';
      import { dontCopy } from './dont-copy.ts';

      export const v99: Series = {
        module: import.meta.url,
        id: 'v99',
        // To be filled in from the cover letter.
        subject: 'unknown',
        author: 'unknown',
        date: 'unknown',
        messageId: 'unknown',
        base: 'v8',
        patches: [
          {
            apply: doItBetter,
            subject: 'dma-iommu: do it better',
            messageId: 'unknown',
            // To be filled in from ../claims.ts: what the changelog promises.
            claims: [],
          },
          {
            apply: dontCopy,
            subject: "swiotlb: don't copy",
            messageId: 'unknown',
            // To be filled in from ../claims.ts: what the changelog promises.
            claims: [],
          },
        ],
      };
      "
    `);
  });

  test('changes two lines of the registry', async () => {
    const before = read('registry.ts').split('\n');
    await writeSeries(root, DRAFT);
    const after = read('registry.ts').split('\n');
    const added = after.filter((line) => !before.includes(line));
    expect(added).toEqual([
      "import { v99 } from './v99/index.ts';",
      before.find((line) => line.includes('SERIES: '))?.replace('];', ', v99];'),
    ]);
    expect(after).toHaveLength(before.length + 1);
  });

  test('is the same code as what it stands on, and another series may stand on it', async () => {
    await writeSeries(root, DRAFT);
    const v99 = standingOn(
      state('v8'),
      'v99',
      ['v99.1', 'v99/do-it-better.ts'],
      ['v99.2', 'v99/dont-copy.ts'],
    );
    await writeSeries(root, {
      name: 'my-idea',
      from: v99,
      patches: [{ subject: 'one more', overrides: ['mapIova'] }],
    });
    const idea = standingOn(v99, 'my-idea', ['my-idea.1', 'my-idea/one-more.ts']);
    const sources = await openSources(root);
    expect(sources.diffStates(state('v8'), idea)).toEqual([]);
    expect(sources.effectiveSource(idea).functions.get('mapIova')).toMatchObject({
      patch: 'my-idea.1',
      file: 'variants/my-idea/one-more.ts',
    });
    expect(sources.effectiveSource(idea).functions.get('unmapIova')?.patch).toBe('v99.1');
    expect(read('my-idea/index.ts')).toContain('export const myIdeaSeries: Series = {');
    expect(read('my-idea/index.ts')).toContain("base: 'v99',");
  });

  test('knows what earlier patches have added, and helpers by the kernel function they are part of', async () => {
    const overrides = ['clearPadding', 'syncSgForDevice'];
    await writeSeries(root, { name: 'x', from: state('v1'), patches: [{ subject: 'all of it', overrides }] });
    expect(read('x/all-of-it.ts').split(') =>')[0]).toMatchInlineSnapshot(`
      "// SPDX-License-Identifier: GPL-2.0-only
      import {
        DMA_ATTR_SKIP_CPU_SYNC,
        DMA_BIDIRECTIONAL,
        DMA_TO_DEVICE,
        type Attrs,
        type Device,
        type Direction,
        type PhysAddr,
        type Scatterlist,
        type Size,
      } from '../dma-ops.ts';
      import type { Patched, StateClass } from '../patch.ts';
      import type { WithInnerSync } from '../v1/fix-swiotlb-skip-and-arch-sync.ts';

      /** What earlier patches have added. */
      interface Below extends WithInnerSync {
        devUseSwiotlb(dev: Device): boolean;
      }

      /** To be written: what this patch changes. */
      export const allOfIt = (Base: StateClass<Below>): Patched<Below> =>
        class extends Base {
          static readonly module = import.meta.url;

          /** __iommu_dma_map_swiotlb(): "Cleanup the padding area": what the copy to the bounce buffer does not fill. */
          override clearPadding(tlb: PhysAddr, size: Size, length: Size, dir: Direction, attrs: Attrs): void {
            let start = tlb;
            let count = length;
            if ((attrs & DMA_ATTR_SKIP_CPU_SYNC) === 0 && (dir === DMA_TO_DEVICE || dir === DMA_BIDIRECTIONAL)) {
              start += size;
              count -= size;
            }
            this.kernel.memset(start, count);
          }

          /** iommu_dma_sync_sg_for_device() */
          override syncSgForDevice(dev: Device, sgl: Scatterlist, nents: number, dir: Direction): void {
            if (this.kernel.devIsDmaCoherent(dev) && !this.devUseSwiotlb(dev)) return;
            for (const sg of sgl.slice(0, nents)) {
              if (this.devUseSwiotlb(dev)) this.syncSingleForDeviceAt(dev, sg.dmaAddress, sg.length, dir, 0);
              else this.kernel.archSyncDmaForDevice(sg.phys, sg.length, dir);
            }
          }
        };
      "
    `);
    expect(read('x/all-of-it.ts')).toContain('/** __iommu_dma_map_swiotlb(): "Cleanup the padding area"');
  });
});

describe('nothing is written', () => {
  const one = { subject: 'one', overrides: [] };

  test.each<[string, Partial<SeriesDraft>, string]>([
    ['a folder is there', { name: 'review' }, 'variants/review is there already; another name, please'],
    ['capitals', { name: 'V99' }, 'small letters'],
    ['a path', { name: '../v99' }, 'small letters'],
    ['a hyphen too many', { name: 'v99-' }, 'small letters'],
    [
      '300 letters',
      { name: 'v'.repeat(300) },
      'a state is called vN, or by small letters, digits and single hyphens, a letter first, 40 characters ' +
        `at most, and not all; not "${'v'.repeat(59)}…`,
    ],
    ['what stands for all states', { name: 'all' }, 'and not all; not "all"'],
    ['no patch', { patches: [] }, 'a series has patches'],
    ['no subject', { patches: [{ subject: '[PATCH] ', overrides: [] }] }, 'a patch has a subject'],
    ['a subject twice', { patches: [one, one] }, 'two patches have the subject "one"'],
    [
      'an unknown function',
      { patches: [{ subject: 'one', overrides: ['mapPgae'] }] },
      'no function "mapPgae" in v8; nearest: mapPage, mapSg, unmapPage',
    ],
    [
      'a function that is gone',
      { patches: [{ subject: 'one', overrides: ['mapSwiotlb'] }] },
      'no function "mapSwiotlb" in v8; nearest: mapSgSwiotlb, unmapSgSwiotlb, mapIova',
    ],
  ])('%s', async (_, change, message) => {
    const before = snapshot();
    await expect(writeSeries(root, { ...DRAFT, ...change })).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringContaining(message) as unknown,
    });
    expect(snapshot()).toEqual(before);
  });

  test('the folder cannot be made', async () => {
    symlinkSync('nowhere', join(root, 'variants', 'v99'));
    const before = snapshot();
    await expect(writeSeries(root, DRAFT)).rejects.toThrow('cannot write');
    expect(snapshot()).toEqual(before);
  });

  test('the name is taken in the registry', async () => {
    appendFileSync(join(root, 'variants', 'registry.ts'), 'const xSeries = 0;\n');
    const before = snapshot();
    await expect(writeSeries(root, { ...DRAFT, name: 'x' })).rejects.toThrow('something called xSeries');
    expect(snapshot()).toEqual(before);
  });

  test('code that would not be the same elsewhere', async () => {
    await writeSeries(root, DRAFT);
    const file = join(root, 'variants', 'v99', 'do-it-better.ts');
    const own = read('v99/do-it-better.ts');
    const v99 = standingOn(
      state('v8'),
      'v99',
      ['v99.1', 'v99/do-it-better.ts'],
      ['v99.2', 'v99/dont-copy.ts'],
    );
    const next: SeriesDraft = {
      name: 'x',
      from: v99,
      patches: [{ subject: 'one', overrides: ['unmapIova'] }],
    };
    writeFileSync(file, own.replace('const base = ', 'super.unmapIova(dev, handle, size);\nconst base = '));
    await expect(writeSeries(root, next)).rejects.toThrow('it calls super.unmapIova, which would be itself');
    writeFileSync(file, `${own.replace('const base = ', 'const base = own + ')}const own = 0;\n`);
    await expect(writeSeries(root, next)).rejects.toThrow(
      'cannot copy what uses own of ../v99/do-it-better.ts: that module does not export it',
    );
  });
});
