// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from '@jest/globals';
import { parseSubject } from './subject.ts';

test.each([
  ['[PATCH v3 2/5] tea: steep', { version: 'v3', number: 2, total: 5, subject: 'tea: steep' }],
  ['[PATCH] tea: steep', { version: 'v1', number: 1, total: 1, subject: 'tea: steep' }],
  ['[PATCH 0/7] Tea', { version: 'v1', number: 0, total: 7, subject: 'Tea' }],
  ['[RFC PATCH v2 03/10] tea', { version: 'rfc-v2', number: 3, total: 10, subject: 'tea' }],
  ['[RFC v2 1/3] tea', { version: 'rfc-v2', number: 1, total: 3, subject: 'tea' }],
  ['[PATCH net-next v4 1/2] tea', { version: 'v4', number: 1, total: 2, subject: 'tea' }],
  ['[PATCH 5.10 1/2] tea', { version: 'v1', number: 1, total: 2, subject: 'tea' }],
  ['[PATCHv3 1/2] tea', { version: 'v3', number: 1, total: 2, subject: 'tea' }],
  ['[PATCH v2.1 1/2] tea', { version: 'v2.1', number: 1, total: 2, subject: 'tea' }],
  ['[v3,2/5] tea', { version: 'v3', number: 2, total: 5, subject: 'tea' }],
  ['[kitchen] [PATCH v3 2/5] [hot] tea', { version: 'v3', number: 2, total: 5, subject: '[hot] tea' }],
  ['[RESEND PATCH v3 2/5] tea', { version: 'v3', number: 2, total: 5, subject: 'tea' }],
])('%s', (line, parsed) => {
  expect(parseSubject(line)).toEqual(parsed);
});

test.each([
  'Re: [PATCH v3 2/5] tea',
  'RE: [kitchen] [PATCH] tea',
  '[kitchen] Re: [PATCH v3 2/5] tea',
  'AW: [PATCH] tea',
  '[kitchen] tea',
  '[GIT PULL] tea',
  '[PATCH tea',
  'PATCH v3 2/5',
  '',
])('no patch: %s', (line) => {
  expect(parseSubject(line)).toBeUndefined();
});
