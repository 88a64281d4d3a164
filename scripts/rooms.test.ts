// SPDX-License-Identifier: GPL-2.0-only
/** Which room imports which: docs/architecture.md says so, and nothing else happens. Types count. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Imported } from '../harness/source/imported.ts';
import { ROOT } from './testing/run.ts';

const imported = new Imported(ROOT);
const files = ['harness', 'scripts', 'variants']
  .flatMap((top) =>
    readdirSync(join(ROOT, top), { recursive: true, encoding: 'utf8' }).map((path) => `${top}/${path}`),
  )
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => /[.]tsx?$/.test(path) && !/[.-]test[.]ts$|[.]d[.]ts$|\/testing\//.test(path));

function roomOf(path: string): string {
  const [top = '', folder = ''] = path.split('/');
  return top === 'harness' ? folder : top;
}

/** The table of the page: each room, and those that it may import from. */
function allowed(): Map<string, string[]> {
  const page = readFileSync(join(ROOT, 'docs', 'architecture.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `(?:harness\/)?([\w-]+)\/` +\| .*? \| ([\w, -]*?) *\|$/gm)];
  return new Map(
    rows.map(([, room = '', doors = '']) => [room, doors.split(', ').filter((door) => door !== '')]),
  );
}

test('imports go through the doors of the table, and every door of it is used', () => {
  const used = new Map([...new Set(files.map(roomOf))].map((room) => [room, new Set<string>()]));
  for (const file of files) {
    for (const target of imported.by(file)) {
      if (roomOf(target) !== roomOf(file)) used.get(roomOf(file))?.add(roomOf(target));
    }
  }
  const doors = [...used].map(([room, targets]): [string, string[]] => [room, [...targets].toSorted()]);
  expect(Object.fromEntries(doors)).toEqual(Object.fromEntries(allowed()));
});

test('the table goes upwards: a room imports from those above it only', () => {
  const rooms = [...allowed()];
  const wrong = rooms.flatMap(([room, doors], index) =>
    doors
      .filter((door) => rooms.findIndex(([other]) => other === door) >= index)
      .map((door) => `${room} → ${door}`),
  );
  expect(wrong).toEqual([]);
});

test('no circle of files', () => {
  const circles = files.filter((file) => imported.closure(imported.by(file)).has(file));
  expect(circles).toEqual([]);
});
