// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { allStates } from '../variants/registry.ts';
import { COMMANDS } from './commands.ts';
import { npmRun, run } from './testing/run.ts';

/** Of a series that is being written, they are unknown as yet. */
const MESSAGE_ID = /^([^\s<>@]+@[^\s<>@]+|unknown)$/;
const DATE = /^(\d{4}-\d\d-\d\d|unknown)$/;

describe('states', () => {
  const rowSchema = z.looseObject({
    id: z.string(),
    alias: z.string(),
    patch: z.string(),
    subject: z.string().min(1),
    date: z.string(),
    messageId: z.string(),
  });

  test('lists every state in the order of the series, with its Message-Id', async () => {
    const { stdout, ...rest } = await npmRun(['states']);
    expect(rest).toEqual({ exitCode: 0, stderr: '' });
    const [head = '', , ...rows] = stdout.trimEnd().split('\n');
    const cells = (row: string): string[] =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim());
    expect(cells(head)).toEqual(expect.arrayContaining(['state', 'patch', 'date', 'subject', 'Message-Id']));
    const named = allStates().map(({ id, alias }) => (alias === undefined ? id : `${id} = ${alias}`));
    expect(rows.map((row) => cells(row)[0])).toEqual(named);
    const at = cells(head).indexOf('Message-Id');
    const ids = rows.slice(1).map((row) => cells(row)[at]?.replaceAll('`', ''));
    for (const id of ids) expect(id).toMatch(MESSAGE_ID);
    expect(ids).toContain('20210811024247.1144246-6-stevensd@google.com');
  });

  test('the same as JSON', async () => {
    const { stdout, ...rest } = await run('states', ['--json']);
    expect(rest).toEqual({ exitCode: 0, stderr: '' });
    const rows = z.array(rowSchema).parse(JSON.parse(stdout));
    expect(rows.map(({ id }) => id)).toEqual(allStates().map(({ id }) => id));
    for (const { id, date, messageId } of rows) {
      if (id === 'baseline') continue;
      expect(messageId).toMatch(MESSAGE_ID);
      expect(date).toMatch(DATE);
    }
    expect(rows.find(({ id }) => id === 'v2')).toMatchObject({
      alias: 'v2.4',
      patch: 'v2 4/4',
      subject: 'dma-iommu: Check CONFIG_SWIOTLB more broadly',
      date: '2021-07-09',
      messageId: '20210709033502.3545820-5-stevensd@google.com',
    });
  });
});

describe('trace', () => {
  const CASE = 'config/no-swiotlb-page[dir=TO_DEVICE,strict=true]';

  test('shows primitive, arguments, result and the call path with its patches', async () => {
    const { stdout, ...rest } = await run('trace', ['v3.5', CASE]);
    expect(rest).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout.split('\n').slice(0, 8).join('\n')).toMatchInlineSnapshot(`
      "v3 on config/no-swiotlb-page[dir=TO_DEVICE,strict=true]: map_page for an untrusted device without CONFIG_SWIOTLB
         1.  cpu_write data[0x0, +1024]
         2.  map_page io = data[0x0, +1024] TO_DEVICE on dev
             arch_sync_dma_for_device(0x100200, size 1024, TO_DEVICE)   [v3.2:mapPage → v3.5:mapSwiotlb]
             alloc_iova_fast(pages 1, limit 0xfffff) = 0xfffff000   [v3.2:mapPage → v3.5:mapSwiotlb → baseline:mapIova → baseline:allocIova]
             iommu_map(0xfffff000 → 0x100000, size 0x1000, READ) = 0   [v3.2:mapPage → v3.5:mapSwiotlb → baseline:mapIova]
             = 0xfffff200 (1024 bytes)
         3.  device_read io[0x0, +1024]"
    `);
    expect(stdout).toMatch(/^ {7}iommu_unmap\(0x[0-9a-f]+, size 0x1000\) = 0x1000 {3}\[v3\.3:unmapPage → /m);
    expect(stdout).toMatch(/\nNo clause of the contract is broken\.\n$/);
  });

  test('--names shows buffers, bounce buffers and IOVAs by name', async () => {
    const { stdout, ...rest } = await run('trace', ['v3.5', CASE, '--names']);
    expect(rest).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toContain(' arch_sync_dma_for_device(data, size 1024, TO_DEVICE)   [v3.2:mapPage');
    expect(stdout).toMatch(
      / iommu_map\(iova\(io\) → (data|0x[0-9a-f]+), size 0x1000, READ\) = 0 {3}\[v3\.2:mapPage/,
    );
  });

  test('says which clause of the contract is broken', async () => {
    const { stdout, ...rest } = await run('trace', ['v2', 'sync/sg-trusted[dir=FROM_DEVICE,coherent=false]']);
    expect(rest).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(
      /\n +CRASH: swiotlb slot index -\d+ out of the pool of 1024 slots.*\[v2\.4:syncSgForCpu\]/,
    );
    expect(stdout).toMatch(/\nBroken:\n {2}no-crash \(slot-index-out-of-pool\): Step 5 /);
  });
});

test('bench --json has the numbers of every state that it was asked for', async () => {
  const share = z.number().gt(0).lt(1);
  const schema = z.strictObject({
    cases: z.literal(1),
    rounds: z.int().min(3),
    peakMiB: z.int().positive(),
    states: z.tuple([
      z.strictObject({
        state: z.literal('v3'),
        runsPerSecond: z.int().positive(),
        ofFirst: z.literal(1),
        spread: z.literal(0),
        machine: share,
        contract: share,
        trace: share,
      }),
    ]),
    exploration: z.strictObject({
      programs: z.literal(32),
      rows: z
        .array(
          z.strictObject({
            on: z.string().min(1),
            programsPerSecond: z.int().positive(),
            twoWorkers: z.number().positive(),
            bytesPerProgram: z.int(),
          }),
        )
        .length(3),
      parts: z.record(z.string(), z.number().positive()),
    }),
    growth: z.tuple([]),
  });
  const scenario = 'sync/sg-trusted[dir=TO_DEVICE,coherent=true]';
  const { stdout, ...rest } = await run('bench', [
    'v3.5',
    '--scenario',
    scenario,
    '--programs',
    '32',
    '--json',
  ]);
  expect(rest).toEqual({ exitCode: 0, stderr: '' });
  const [{ machine, contract, trace }] = schema.parse(JSON.parse(stdout)).states;
  expect(machine + contract + trace).toBeCloseTo(1);
});

test('bench --long says how the time grows', async () => {
  const { stdout, ...rest } = await run('bench', [
    'v2',
    'v3',
    '--long',
    '--scenario',
    'sync/sg-trusted[dir=TO_DEVICE,coherent=true]',
    '--programs',
    '32',
  ]);
  expect(rest).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout).toMatch(
    /^\| so many +\|.*resident MiB \|\n.*\n\| 1 case .*\n\| 4 cases .*\n\| 16 cases .*\n\| 2 states /m,
  );
});

test('schema --check: the schema of the corpus is up to date', async () => {
  expect(await run('schema', ['--check'])).toEqual({ exitCode: 0, stdout: '', stderr: '' });
});

test('bouncediff without a command lists them all', async () => {
  const { stdout, ...rest } = await run('bouncediff', []);
  expect(rest).toEqual({ exitCode: 0, stderr: '' });
  const [, , , everywhere = '', inCheckout = ''] = stdout.split('\n\n');
  expect(everywhere).toMatch(/^Commands:\n {2}compare +What changed /);
  expect(inCheckout).toMatch(/^Only in a checkout of the repository:\n/);
  for (const { name, checkoutOnly } of COMMANDS) {
    expect(checkoutOnly === true ? inCheckout : everywhere).toMatch(new RegExp(`^ {2}${name} +\\S`, 'm'));
  }
});
