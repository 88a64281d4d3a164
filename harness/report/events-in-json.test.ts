// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from '@jest/globals';
import { evidenceInJson, withEvent } from './events-in-json.ts';

test.each<[Parameters<typeof withEvent>[0], string]>([
  [{ step: 2 }, '{"step":2,"event":-1}'],
  [{ step: 2, event: undefined }, '{"step":2,"event":-1}'],
  [{ event: 0, step: 2 }, '{"step":2,"event":0}'],
])('%j', (shown, json) => {
  expect(JSON.stringify(withEvent({ count: 3, ...shown } as typeof shown))).toBe(
    json.replace('}', ',"count":3}'),
  );
});

test('a side that holds', () => {
  expect(evidenceInJson({ to: { step: 1, event: 4 } })).toEqual({ from: null, to: { step: 1, event: 4 } });
  expect(evidenceInJson({ from: { step: 1 } })).toEqual({ from: { step: 1, event: -1 }, to: null });
  expect(evidenceInJson(undefined)).toEqual({ from: null, to: null });
});
