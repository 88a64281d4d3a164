// SPDX-License-Identifier: GPL-2.0-only
/** Kernel messages: vsnprintf() as far as the compiled files use it, and what a message is about. */
import { fromI64 } from './wasm-numbers.ts';
import type { CompiledModule } from './compiled-module.ts';

/** A message and its arguments as numbers, in the order of the format; strings are NaN. */
export interface Message {
  /** KERN_WARNING is 4; undefined: the format says no level. */
  readonly level: number | undefined;
  readonly format: string;
  readonly text: string;
  readonly values: readonly number[];
}

/** KERN_SOH: a level, or `c` for a continued line, follows. */
const LEVEL_MARK = '\u0001';

function levelOf(format: string): { level: number | undefined; plain: string } {
  let level: number | undefined;
  let plain = format;
  while (plain.startsWith(LEVEL_MARK)) {
    if (/\d/.test(plain.charAt(1))) level = Number(plain.charAt(1));
    plain = plain.slice(2);
  }
  return { level, plain };
}

const CONVERSION = /%([-+ #0]*)(\d*)(?:\.(\d+))?(hh|h|ll|l|z|t|j)?([diuxXpscn%])(a[dp]?|[A-Za-z])?/g;

/** Formats as the kernel does; `list` is where the variable arguments stand in the memory. */
export function formatMessage(module: CompiledModule, format: string, list: bigint): Message {
  const view = module.view();
  let at = Number(BigInt.asUintN(32, list));
  const values: number[] = [];
  const next = (size: 4 | 8): bigint => {
    at = Math.ceil(at / size) * size;
    const value = size === 8 ? view.getBigInt64(at, true) : BigInt(view.getInt32(at, true));
    at += size;
    return value;
  };
  const { level, plain } = levelOf(format);
  const text = plain.replaceAll(
    CONVERSION,
    (
      whole,
      flags: string,
      _width,
      _precision,
      size: string | undefined,
      kind: string,
      extension: string | undefined,
    ) => {
      if (kind === '%') return `%${extension ?? ''}`;
      if (kind === 's') {
        values.push(NaN);
        return module.string(next(8)) + (extension ?? '');
      }
      const wide =
        kind === 'p' || size === 'l' || size === 'll' || size === 'z' || size === 't' || size === 'j';
      const value = next(wide ? 8 : 4);
      values.push(fromI64(value));
      const rest = kind === 'p' ? '' : (extension ?? '');
      if (kind === 'c') return String.fromCodePoint(Number(value)) + rest;
      if (kind === 'd' || kind === 'i') return value.toString() + rest;
      const unsigned = BigInt.asUintN(wide ? 64 : 32, value);
      if (kind === 'u') return unsigned.toString() + rest;
      if (kind === 'n') return whole;
      const prefix = kind === 'p' || flags.includes('#') ? '0x' : '';
      return prefix + unsigned.toString(16) + rest;
    },
  );
  return { level, format: plain, text: text.trim(), values };
}
