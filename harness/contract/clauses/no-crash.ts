// SPDX-License-Identifier: GPL-2.0-only
import { makeClause } from '../clause.ts';

export const noCrash = makeClause({
  id: 'no-crash',
  title: 'no crash, no hang, no BUG',
  why: 'Correct use of the API never takes the machine down.',
  causes: {
    'memset-out-of-memory': 'a memset ran out of physical memory',
    'copy-out-of-memory': 'a bounce copy ran out of physical memory',
    'maintenance-out-of-memory': 'cache maintenance of an address where there is no memory',
    'slot-index-out-of-pool': 'swiotlb was asked about an address that is not in its pool',
    'search-never-ends': 'the slot search comes back to slots it has seen and never ends',
    'iova-search-never-ends': 'the IOVA search retries with the same limit for ever',
    'sync-without-swiotlb':
      'the call is to a swiotlb function that a kernel with CONFIG_SWIOTLB=n does not have: it does not link',
    'kernel-bug': 'the kernel ran into a BUG() or a panic()',
    'wild-access': 'the kernel made an access that cannot be right',
    'did-not-return': 'a kernel function did not return',
  },
  judge(facts, findings) {
    findings.exercise();
    const { crash } = facts.run;
    if (crash !== undefined) findings.breaks(crash.kind, { step: crash.step, event: crash.event, count: 1 });
  },
});
