// SPDX-License-Identifier: GPL-2.0-only
import { visible } from '../text/visible.ts';

/** The text where HTML stands: nothing in it is markup, neither in an element nor in an attribute. */
export function markup(text: string): string {
  return visible(text).replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0) ?? 0};`);
}
