// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from '@jest/globals';
import { bareSubject, camelCase, fileNames, seriesIdentifier } from './naming.ts';

test.each([
  ['[PATCH v9 1/7] dma-iommu: fix sync_sg', 'dma-iommu: fix sync_sg'],
  ['  dma-iommu:  fix\n sync_sg ', 'dma-iommu: fix sync_sg'],
  ['fix [sync]', 'fix [sync]'],
])('the subject of %j', (mail, subject) => {
  expect(bareSubject(mail)).toBe(subject);
});

test.each([
  ['dma-iommu: account for min_align_mask w/swiotlb', 'account-for-min-align-mask-w-swiotlb'],
  ['dma-iommu: Check CONFIG_SWIOTLB more broadly', 'check-config-swiotlb-more-broadly'],
  ['iommu/dma: Fold the helpers', 'fold-the-helpers'],
  ['fix', 'patch-fix'],
  ['delete', 'patch-delete'],
  ['2nd try', 'patch-2nd-try'],
  ['修复', 'patch-1'],
  ["don't clear it", 'dont-clear-it'],
  ['añadir más', 'anadir-mas'],
  [`a very ${'long '.repeat(20)}subject`, 'a-very-long-long-long-long-long-long-long-long'],
])('the file of %j', (subject, name) => {
  expect(fileNames([subject])).toEqual([name]);
});

test('files of a series stay apart', () => {
  expect(fileNames(['x: fix it', 'y: fix it', '…', '?'])).toEqual([
    'fix-it',
    'fix-it-2',
    'patch-3',
    'patch-4',
  ]);
});

test.each([
  ['v9', 'v9'],
  ['my-idea', 'myIdeaSeries'],
  ['delete', 'deleteSeries'],
  ['v9-rc1', 'v9Rc1Series'],
])('%s is %s', (name, identifier) => {
  expect(seriesIdentifier(name)).toBe(identifier);
});

test('camel case', () => {
  expect(camelCase('fix-2-things')).toBe('fix2Things');
});
