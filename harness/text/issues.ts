// SPDX-License-Identifier: GPL-2.0-only
/** From what zod found to one line with a place in the file. */
import type * as z from 'zod';
import type { Path } from './input-error.ts';
import { InputError } from './input-error.ts';
import type { YamlSource } from './yaml-source.ts';

type Issue = z.core.$ZodIssue;

/** One thing wrong: what to say, about which value, and which value or key to point at. */
interface Problem {
  readonly path: Path;
  readonly text: string;
  readonly unknownKey: string | undefined;
}

function keysOf(path: readonly PropertyKey[]): Path {
  return path.map((key) => (typeof key === 'number' ? key : String(key)));
}

/** True for what lies deeper than "this is neither": the branch that the author meant. */
function isDeep(issue: Issue): boolean {
  return issue.path.length > 0 || issue.code === 'unrecognized_keys' || issue.code === 'custom';
}

function problems(issue: Issue, base: Path): Problem[] {
  const path = [...base, ...keysOf(issue.path)];
  if (issue.code === 'invalid_union') {
    const meant = issue.errors.find((branch) => branch.some(isDeep));
    if (meant !== undefined) return meant.flatMap((inner) => problems(inner, path));
  }
  if (issue.code === 'invalid_key') {
    return [
      {
        path: path.slice(0, -1),
        text: issue.issues[0]?.message ?? issue.message,
        unknownKey: String(path.at(-1)),
      },
    ];
  }
  const unknownKey = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  return [{ path, text: issue.message, unknownKey }];
}

/**
 * The error for whichever of zod's issues stands first in the file; what is missing stands nowhere,
 * so it comes last. `base` is where the checked value stands, `suffix` ends the line.
 */
export function firstProblem(
  source: YamlSource,
  error: z.core.$ZodError,
  base: Path,
  suffix = '',
): InputError {
  const found = error.issues.flatMap((issue) => problems(issue, base));
  const present = found.filter(({ path }) => source.has(path));
  const errors = (present.length > 0 ? present : found).map(({ path, text, unknownKey }) => {
    const at =
      unknownKey === undefined ? source.position(path) : source.position([...path, unknownKey], 'key');
    return new InputError(source.file, at, path, text + suffix);
  });
  const [first] = errors.sort((left, right) => left.line - right.line || left.column - right.column);
  return first ?? source.error(base, `not valid${suffix}`);
}
