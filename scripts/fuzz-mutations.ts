// SPDX-License-Identifier: GPL-2.0-only
/** Damage: to the tree of a file, and to its bytes. */
import type { SeededChoices } from '../harness/explore/random.ts';

type Tree = Record<string, unknown> | unknown[];

/** What a value may turn into. */
const STRANGE: readonly unknown[] = [
  null,
  true,
  '',
  'x',
  '$i',
  '$i*99999999+99999999',
  '../../x',
  '*'.repeat(40) + '!',
  'v6..v3',
  'v1.100000',
  '__proto__',
  '\u001b[31m',
  'a'.repeat(5000),
  '0xffffffffffffffff',
  '0x10000000000000000',
  -1,
  0,
  0.5,
  4096,
  65536,
  2 ** 26,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 48,
  2 ** 53 - 1,
  2 ** 64,
  1e308,
  Number.NaN,
  [],
  {},
  [[]],
  { repeat: { times: 4096, as: 'i', steps: [{ repeat: { times: 4096, steps: ['flush_queue'] } }] } },
];

/** The tree with one to four places damaged. */
export function mutateTree(tree: unknown, choices: SeededChoices): unknown {
  const root: Tree = { root: structuredClone(tree) };
  for (let left = 1 + choices.below(4); left > 0; left--) damage(root, choices);
  return root['root'];
}

function damage(root: Tree, choices: SeededChoices): void {
  const places = placesIn(root);
  const place = places[choices.below(places.length)];
  if (place === undefined) return;
  const [holder, key] = place;
  const other = places[choices.below(places.length)];
  const value = holder[key];
  switch (choices.below(8)) {
    case 0:
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else Reflect.deleteProperty(holder, key);
      return;
    case 1:
      // Somewhere else's value.
      if (other !== undefined) holder[key] = structuredClone(other[0][other[1]]);
      return;
    case 2:
      // Many of it.
      if (Array.isArray(holder)) {
        holder.push(...Array.from({ length: 1 + choices.below(201) }, () => structuredClone(value)));
      } else for (let i = choices.below(51); i > 0; i--) holder[`${key}${i}`] = structuredClone(value);
      return;
    case 3:
      // Deep inside.
      holder[key] = Array.from({ length: 1 + choices.below(201) }).reduce<unknown>(
        (inner) => (choices.below(2) === 0 ? [inner] : { a: inner }),
        value,
      );
      return;
    case 4:
      if (typeof value === 'number') holder[key] = value * 2 ** choices.below(41) - choices.below(3);
      else holder[key] = String(value);
      return;
    default:
      holder[key] = structuredClone(STRANGE[choices.below(STRANGE.length)]);
  }
}

/** Every place of the tree: what holds it, and the key there. */
function placesIn(tree: Tree): [Record<string, unknown>, string][] {
  const found: [Record<string, unknown>, string][] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const key of Object.keys(value)) {
      if (found.length >= 5000) return;
      found.push([value as Record<string, unknown>, key]);
      visit(value[key as keyof typeof value]);
    }
  };
  visit(tree);
  return found;
}

const TOKENS = [
  '&a ',
  '*a',
  '<<: *a\n',
  '- ',
  ': ',
  '{',
  '}',
  '[',
  ']',
  '"',
  "'",
  '|\n',
  '!!js/function ',
  '\t',
  '\0',
  '\u202e',
  '#',
  '%YAML 9\n',
  '---\n',
  '...\n',
  '\ud800',
];

/** The text with one to eight places cut, doubled, or written over. */
export function mutateText(text: string, choices: SeededChoices): string {
  let damaged = text;
  for (let left = 1 + choices.below(8); left > 0; left--) {
    const at = choices.below(damaged.length + 1);
    const end = Math.min(damaged.length, at + choices.below(31));
    const token = TOKENS[choices.below(TOKENS.length)] ?? '';
    const piece = [
      token,
      '',
      damaged.slice(at, end).repeat(1 + choices.below(301)),
      String.fromCharCode(choices.below(256)),
    ];
    damaged = damaged.slice(0, at) + (piece[choices.below(4)] ?? '') + damaged.slice(end);
  }
  return damaged;
}
