// SPDX-License-Identifier: GPL-2.0-only
/** Arguments of clang and wasm-ld. */

function words(text: string): string[] {
  return text.split(' ');
}

/** Included before everything else, as Kbuild does. */
export const BEFORE = ['linux/compiler-version.h', 'linux/kconfig.h', 'linux/compiler_types.h'];

export const FLAGS = [
  '--target=wasm64-unknown-unknown',
  ...words('-std=gnu11 -O2 -nostdinc -ffreestanding -w'),
  // Every memset and memcpy must stay a call: the machine sees them.
  '-fno-builtin',
  ...words('-fno-strict-aliasing -fno-common -fshort-wchar -funsigned-char -fno-strict-overflow'),
  ...words('-fno-delete-null-pointer-checks -fms-extensions'),
  // Call paths are those of the source.
  '-fno-inline-functions',
];

/** Wild accesses name their line; every edge of the control flow costs fuel. */
export const CHECKS = [
  '-fsanitize=null,alignment,bounds,object-size,unreachable',
  '-fno-sanitize-recover=all',
  // Unpruned: a loop of a single block must burn fuel, too.
  '-fsanitize-coverage=bb,trace-pc,no-prune',
];

export const KERNEL_FLAGS = [
  ...words('-D__KERNEL__ -D__BITS_PER_LONG=64 -D__DISABLE_EXPORTS -D__builtin_return_address(x)=((void*)0)'),
  ...words('-DKBUILD_MODNAME="kernel_c" -DKBUILD_BASENAME="kernel_c" -DKBUILD_MODFILE="kernel_c"'),
  // From the root: so a file has one name, whether it is read with a unit or with its opening.
  ...words('-I/.ours/overlay -I/.ours/generated -I/include -I/include/uapi -I/ -I/.ours/shim'),
];

/** Calls that the machine records wherever they come from. */
const WRAPPED = ['alloc_iova_fast', 'free_iova_fast', 'queue_iova', 'swiotlb_tbl_map_single'];
const WRAPPED_SWIOTLB = ['tbl_unmap_single', 'sync_single_for_device', 'sync_single_for_cpu'];

/** What is recorded of a tree, by its shim macros: the calls keep their names from outside, `__wrap_` inside. */
export function wrappedCalls(macros: ReadonlyMap<string, string>): string[] {
  const prefix = macros.get('KERNEL_C_SWIOTLB_POOL_ARGUMENT') === '1' ? '__swiotlb_' : 'swiotlb_';
  return [...WRAPPED, ...WRAPPED_SWIOTLB.map((name) => prefix + name)];
}

/** The functions of ours that the machine calls. */
export function exportsOf(shim: ReadonlyMap<string, string>): string[] {
  const text = [...shim.values()].join('\n');
  return [...new Set([...text.matchAll(/\bkernel_c_\w+(?=\()/g)].map(([name]) => name))].sort();
}

/** Arguments of wasm-ld but for the output. */
export function linkArgs(
  objects: readonly string[],
  wrapped: readonly string[],
  exported: readonly string[],
): string[] {
  return [
    ...words('-mwasm64 --no-entry --stack-first -z stack-size=65536 --fatal-warnings'),
    // Undefined functions become imports, undefined data is an error.
    '--import-undefined',
    '--export=__stack_pointer',
    ...exported.map((name) => `--export-if-defined=${name}`),
    ...wrapped.map((name) => `--wrap=${name}`),
    ...objects,
  ];
}
