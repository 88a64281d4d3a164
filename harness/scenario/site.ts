// SPDX-License-Identifier: GPL-2.0-only
/** A value of a case, and where to point when it makes no sense there. */
import type { Size } from '../machine/vocabulary.ts';
import type { Bindings } from './placeholders.ts';
import { describeBindings } from './placeholders.ts';
import type { Path, InputError } from '../text/input-error.ts';
import { quoted } from '../text/input-error.ts';
import type { YamlSource } from '../text/yaml-source.ts';
import { didYouMean } from '../text/user-error.ts';

/** A place in a file as one case sees it. */
export class Site {
  readonly #source: YamlSource;
  readonly #bindings: Bindings;
  readonly #path: Path;
  /** What `#path` counts from; undefined: the top of the file. */
  readonly #base: Site | undefined;

  constructor(source: YamlSource, path: Path, bindings: Bindings, base?: Site) {
    this.#source = source;
    this.#bindings = bindings;
    this.#path = path;
    this.#base = base;
  }

  /** The place of a value inside this one. */
  at(...path: Path): Site {
    return new Site(this.#source, path, this.#bindings, this);
  }

  /** The error to throw for the value here, or for one inside it unless this is a shorthand for it. */
  error(problem: string, ...inside: Path): InputError {
    const here = this.#fullPath();
    const path = this.#source.isScalar(here) ? here : [...here, ...inside];
    return this.#source.error(path, problem + describeBindings(this.#bindings));
  }

  /** The error for a name that is none of the known ones. */
  unknown(what: string, name: string, known: readonly string[], ...inside: Path): InputError {
    const names = `known: ${known.join(', ') || 'none'}`;
    return this.error(`${quoted(name)} is not ${what}${didYouMean(name, known)}; ${names}`, ...inside);
  }

  #fullPath(): Path {
    return this.#base === undefined ? this.#path : [...this.#base.#fullPath(), ...this.#path];
  }
}

/**
 * How many bytes a part has that begins at `offset` of `whole`: `size`, or else the rest.
 * Throws InputError when they are not all inside.
 */
export function sizeInside(
  offset: Size,
  size: Size | undefined,
  whole: { readonly name: string; readonly size: Size },
  site: Site,
): Size {
  const { name, size: length } = whole;
  if (offset < 0 || offset > length || (offset === length && size !== 0)) {
    throw site.error(`${offset} is not inside ${name}, which has ${length} bytes`, 'offset');
  }
  const end = offset + (size ?? length - offset);
  if (end > length) {
    throw site.error(`bytes ${offset} to ${end} are not inside ${name}, which has ${length} bytes`, 'size');
  }
  return end - offset;
}
