// SPDX-License-Identifier: GPL-2.0-only
import { suggestion, UserError } from '../text/user-error.ts';
import type { SourceFunction } from './effective-source.ts';

/**
 * The methods that go by a name: the method's own, or the kernel's with or without `()`, which may be
 * several methods here. UserError that names the nearest ones.
 */
export function methodsNamed(
  name: string,
  functions: readonly Pick<SourceFunction, 'method' | 'kernelFunction'>[],
  state: string,
): string[] {
  const wanted = name.replace(/\(\)$/, '');
  if (functions.some(({ method }) => method === wanted)) return [wanted];
  const methods = functions.filter(({ kernelFunction }) => kernelFunction === wanted);
  if (methods.length > 0) return [...new Set(methods.map(({ method }) => method))];
  const names = functions.flatMap(({ method, kernelFunction }) =>
    kernelFunction === undefined ? [method] : [method, kernelFunction],
  );
  throw new UserError(
    `no function ${JSON.stringify(name)} in ${state}; ${suggestion(wanted, [...new Set(names)])}`,
  );
}
