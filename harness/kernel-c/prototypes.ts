// SPDX-License-Identifier: GPL-2.0-only
/**
 * What a tree declares, read from the text of its files: which of the known forms a function has, and
 * which features there are. Never the kernel's version: a series may change any of it.
 */
import type { Make } from '../subject/state.ts';
import { UserError } from '../text/user-error.ts';
import type { SourceTree } from './source-tree.ts';

/** A function and the forms it is known in; the shim gets `KERNEL_C_<NAME>` as the form's number, from 1. */
interface KnownFunction {
  readonly name: string;
  readonly file: string;
  readonly forms: readonly string[];
  /** A tree may do without it: form 0. */
  readonly optional?: true;
}

const IOMMU = 'include/linux/iommu.h';
const IOVA = 'include/linux/iova.h';
const SWIOTLB = 'include/linux/swiotlb.h';

const FUNCTIONS: readonly KnownFunction[] = [
  {
    name: 'iommu_map_atomic',
    file: IOMMU,
    forms: ['int (struct iommu_domain *, unsigned long, phys_addr_t, size_t, int)'],
    optional: true,
  },
  {
    name: 'iommu_map',
    file: IOMMU,
    forms: [
      'int (struct iommu_domain *, unsigned long, phys_addr_t, size_t, int)',
      'int (struct iommu_domain *, unsigned long, phys_addr_t, size_t, int, gfp_t)',
    ],
  },
  {
    name: 'iommu_map_sg_atomic',
    file: IOMMU,
    forms: [
      'size_t (struct iommu_domain *, unsigned long, struct scatterlist *, unsigned int, int)',
      'ssize_t (struct iommu_domain *, unsigned long, struct scatterlist *, unsigned int, int)',
    ],
    optional: true,
  },
  {
    name: 'iommu_map_sg',
    file: IOMMU,
    forms: [
      'size_t (struct iommu_domain *, unsigned long, struct scatterlist *, unsigned int, int)',
      'ssize_t (struct iommu_domain *, unsigned long, struct scatterlist *, unsigned int, int)',
      'ssize_t (struct iommu_domain *, unsigned long, struct scatterlist *, unsigned int, int, gfp_t)',
    ],
  },
  {
    name: 'iommu_unmap_fast',
    file: IOMMU,
    forms: ['size_t (struct iommu_domain *, unsigned long, size_t, struct iommu_iotlb_gather *)'],
  },
  {
    name: 'iommu_iova_to_phys',
    file: IOMMU,
    forms: ['phys_addr_t (struct iommu_domain *, dma_addr_t)'],
  },
  {
    name: 'iommu_get_dma_strict',
    file: IOMMU,
    forms: ['bool (struct iommu_domain *)'],
    optional: true,
  },
  {
    name: 'device_iommu_capable',
    file: IOMMU,
    forms: ['bool (struct device *, enum iommu_cap)'],
    optional: true,
  },
  {
    name: 'alloc_iova_fast',
    file: IOVA,
    forms: ['unsigned long (struct iova_domain *, unsigned long, unsigned long, bool)'],
  },
  {
    name: 'free_iova_fast',
    file: IOVA,
    forms: ['void (struct iova_domain *, unsigned long, unsigned long)'],
  },
  {
    name: 'queue_iova',
    file: IOVA,
    forms: ['void (struct iova_domain *, unsigned long, unsigned long, unsigned long)'],
    optional: true,
  },
  {
    name: 'swiotlb_tbl_map_single',
    file: SWIOTLB,
    forms: [
      'phys_addr_t (struct device *, phys_addr_t, size_t, size_t, enum dma_data_direction, unsigned long)',
      'phys_addr_t (struct device *, phys_addr_t, size_t, size_t, unsigned int, enum dma_data_direction, unsigned long)',
      'phys_addr_t (struct device *, phys_addr_t, size_t, unsigned int, enum dma_data_direction, unsigned long)',
    ],
  },
  {
    name: 'swiotlb_tbl_unmap_single',
    file: SWIOTLB,
    forms: ['void (struct device *, phys_addr_t, size_t, enum dma_data_direction, unsigned long)'],
  },
  {
    name: 'swiotlb_sync_single_for_device',
    file: SWIOTLB,
    forms: ['void (struct device *, phys_addr_t, size_t, enum dma_data_direction)'],
  },
  {
    name: 'swiotlb_sync_single_for_cpu',
    file: SWIOTLB,
    forms: ['void (struct device *, phys_addr_t, size_t, enum dma_data_direction)'],
  },
  {
    name: 'swiotlb_init',
    file: SWIOTLB,
    forms: ['void (int)', 'void (bool, unsigned int)'],
  },
];

/** Which files say how a device is set up; the first that has the declaration counts. */
const SETUP_FILES = [
  'include/linux/dma-map-ops.h',
  IOMMU,
  'include/linux/dma-iommu.h',
  'drivers/iommu/dma-iommu.h',
] as const;
const SETUP_FORMS = ['void (struct device *, u64, u64)', 'void (struct device *)'] as const;

/** Files of a tree that are looked at, whether they are compiled or not. */
export const PROBED_FILES: readonly string[] = [
  ...new Set([
    ...FUNCTIONS.map(({ file }) => file),
    ...SETUP_FILES,
    'include/linux/device.h',
    'include/linux/stdarg.h',
    'arch/arm64/mm/dma-mapping.c',
    'drivers/iommu/dma-iommu.c',
    'drivers/iommu/iova.c',
    'kernel/dma/swiotlb.c',
    'lib/rbtree.c',
  ]),
];

/** Macros for the shim: the form of each known function, and features. UserError names an unknown form. */
export function shimMacros(tree: SourceTree): ReadonlyMap<string, string> {
  const macros = new Map<string, string>();
  for (const { name, file, forms, optional } of FUNCTIONS) {
    const prototype = prototypeOf(tree.read(file) ?? '', name);
    macros.set(macroName(name), String(formNumber(name, file, prototype, forms, optional === true)));
  }
  const setup = SETUP_FILES.map((file) => ({
    file,
    prototype: prototypeOf(tree.read(file) ?? '', 'iommu_setup_dma_ops'),
  }));
  const found = setup.find(({ prototype }) => prototype !== undefined);
  macros.set(
    macroName('iommu_setup_dma_ops'),
    String(formNumber('iommu_setup_dma_ops', SETUP_FILES[0], found?.prototype, SETUP_FORMS, false)),
  );
  for (const [name, value] of Object.entries(features(tree))) macros.set(`KERNEL_C_${name}`, value);
  return macros;
}

/**
 * `by-direction`: invalidates for a from-device mapping and cleans else, as the machine's own does, which
 * stands in where a tree has no arm64. UserError when the tree's does something else.
 */
export function archSync(tree: SourceTree): Make['archSync'] {
  const file = 'arch/arm64/mm/dma-mapping.c';
  const text = tree.read(file);
  if (text === undefined) return 'by-direction';
  const body = /\barch_sync_dma_for_device\s*\([^)]*\)\s*\{([\s\S]*?)\n\}/.exec(text)?.[1] ?? '';
  if (/\bdcache_clean_poc\(/.test(body)) return 'clean';
  if (/\b__dma_map_area\(/.test(body)) return 'by-direction';
  throw new UserError(`${file}: arch_sync_dma_for_device() does something that is not modelled`);
}

function features(tree: SourceTree): Record<string, string> {
  const has = (file: string, pattern: RegExp): boolean => pattern.test(tree.read(file) ?? '');
  const flag = (value: boolean): string => (value ? '1' : '0');
  const dmaIommu = 'drivers/iommu/dma-iommu.c';
  const ops = /\bstruct iommu_domain \{[^}]*?\bconst struct (\w+) \*ops;/.exec(tree.read(IOMMU) ?? '')?.[1];
  if (ops === undefined) {
    throw new UserError(`${IOMMU}: struct iommu_domain has no member "ops" of a known kind`);
  }
  return {
    DOMAIN_OPS: ops,
    // Operations in a table that the device points to, or functions that the DMA core calls by name.
    DMA_MAP_OPS: flag(has(dmaIommu, /\bstruct dma_map_ops iommu_dma_ops\b/)),
    SWIOTLB_POOL_ARGUMENT: flag(has(SWIOTLB, /\b__swiotlb_tbl_unmap_single\s*\(/)),
    DEVICE_POOL: has(SWIOTLB, /\bswiotlb_dev_init\s*\(/)
      ? '2'
      : flag(has('include/linux/device.h', /\bdma_io_tlb_mem\b/)),
    MEM_USED: flag(has('kernel/dma/swiotlb.c', /\bmem_used\s*\(struct io_tlb_mem \*/)),
    DEFAULT_MEM_POINTER: flag(has(SWIOTLB, /\bextern struct io_tlb_mem \*io_tlb_default_mem;/)),
    DEFPOOL: flag(has(SWIOTLB, /\bstruct io_tlb_pool defpool;/)),
    PAD_SLOTS: flag(has('kernel/dma/swiotlb.c', /\bpad_slots;/)),
    MAX_MAPPING_SIZE: flag(has(dmaIommu, /\biommu_dma_max_mapping_size\s*\(struct device \*/)),
    FQ_MOD_MASK: flag(has(dmaIommu, /\bmod_mask;/)),
    PERCPU_FQ: flag(has(dmaIommu, /\*percpu_fq;/)),
    DEPOT_LIST: flag(has('drivers/iommu/iova.c', /\bstruct iova_magazine \*depot;/)),
  };
}

function macroName(name: string): string {
  return `KERNEL_C_${name.toUpperCase()}`;
}

function formNumber(
  name: string,
  file: string,
  prototype: string | undefined,
  forms: readonly string[],
  optional: boolean,
): number {
  if (prototype === undefined) {
    if (optional) return 0;
    throw new UserError(`${file}: ${name}() is not declared here; known: ${forms.join(' or ')}`);
  }
  const form = forms.indexOf(prototype);
  if (form < 0) {
    throw new UserError(
      `${file}: ${name}() has an unknown prototype, ${prototype}; known: ${forms.join(' or ')}`,
    );
  }
  return form + 1;
}

/** `int (struct device *, u64)` of the first declaration of a function in C text; undefined: none. */
export function prototypeOf(text: string, name: string): string | undefined {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, ' ');
  const pattern = new RegExp(
    `(?:^|[;}\\n])([\\w\\s*]*?[\\s*])${name}\\s*\\(([^()]*)\\)\\s*(?:\\w+\\s*)*[;{]`,
  );
  const match = pattern.exec(code);
  if (match === null) return undefined;
  const result = typeOf(match[1] ?? '');
  const parameters = (match[2] ?? '').split(',').map((parameter) => parameterType(parameter));
  return `${result} (${parameters.join(', ')})`;
}

/** Words that say nothing about a type. */
const NOISE = /\b(?:extern|static|inline|__init|__must_check|__always_inline|const)\b/g;
/** Types of one word that may stand without a parameter name. */
const LAST_WORD_IS_TYPE = /^(?:void|int|long|char|bool|unsigned|size_t|ssize_t|u64|u32)$/;

function typeOf(text: string): string {
  return text
    .replaceAll(/^\s*#.*$/gm, ' ')
    .replaceAll(NOISE, ' ')
    .replaceAll('*', ' * ')
    .trim()
    .split(/\s+/)
    .join(' ')
    .replaceAll('* *', '**');
}

function parameterType(text: string): string {
  const words = typeOf(text).split(' ');
  const last = words.at(-1) ?? '';
  const named = words.length > 1 && /^\w+$/.test(last) && !LAST_WORD_IS_TYPE.test(last) && !isTag(words);
  return (named ? words.slice(0, -1) : words).join(' ');
}

/** `struct device`, `enum iommu_cap`: the last word is no parameter name. */
function isTag(words: readonly string[]): boolean {
  return words.length === 2 && /^(?:struct|enum|union)$/.test(words[0] ?? '');
}
