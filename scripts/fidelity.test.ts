// SPDX-License-Identifier: GPL-2.0-only
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { temporaryFolder } from './testing/project-copy.ts';
import { ROOT, expectTrouble, run } from './testing/run.ts';

const DATA = join(ROOT, 'harness', 'fidelity', 'data');
/** The recorded results of the baseline, and of a state that nobody posted. */
const BASELINE = 'vectors/baseline.jsonl.gz';
const UNKNOWN = 'vectors/v99.1.jsonl.gz';
const MANIFEST = {
  states: ['baseline', 'v99.1'],
  final: {},
  alias: {},
  vectors: { baseline: 2, 'v99.1': 2 },
  review: [],
};

/** The first lines of a recorded file. */
function recorded(file: string): string[] {
  return gunzipSync(readFileSync(join(DATA, file)))
    .toString()
    .split('\n')
    .slice(0, 2);
}

const folder = temporaryFolder();
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function write(file: string, ...lines: string[]): void {
  const text = lines.map((line) => `${line}\n`).join('');
  writeFileSync(join(folder, file), file.endsWith('.gz') ? gzipSync(text) : text);
}

/** Two programs, two states, all well. */
beforeEach(() => {
  mkdirSync(join(folder, 'vectors'), { recursive: true });
  write('manifest.json', JSON.stringify(MANIFEST));
  write('programs.jsonl.gz', ...recorded('programs.jsonl.gz'));
  write(BASELINE, ...recorded(BASELINE));
  write(UNKNOWN, ...recorded(BASELINE));
});

describe('fidelity', () => {
  test('v3.5 does what the C was recorded doing, call by call', async () => {
    expect(await run('fidelity', ['--state', 'v3.5'], { long: true })).toMatchInlineSnapshot(`
      {
        "exitCode": 0,
        "stderr": "",
        "stdout": "| state | matched |
      | :---- | ------: |
      | v3.5  | 651/651 |
      ",
      }
    `);
  });

  test('takes a folder; a state that nobody wrote is not implemented', async () => {
    expect(await run('fidelity', [folder])).toMatchInlineSnapshot(`
      {
        "exitCode": 0,
        "stderr": "",
        "stdout": "| state    |         matched |
      | :------- | --------------: |
      | baseline |             2/2 |
      | v99.1    | not implemented |
      ",
      }
    `);
  });

  test('shows the first mismatch with both sides, and ends with 1', async () => {
    const [first = '', second = ''] = recorded(BASELINE);
    expect(second).toContain('"ret":');
    write(BASELINE, first, second.replace(/"ret":[^,]+/, '"ret":"0xbad"'));
    expect(await run('fidelity', [folder, '--state', 'baseline'])).toMatchInlineSnapshot(`
      {
        "exitCode": 1,
        "stderr": "",
        "stdout": "| state    | matched |
      | :------- | ------: |
      | baseline |     1/2 |

      baseline: first mismatch in fv-00004, operation 0, ret:

      \`\`\`text
      recorded  "0xbad"
      modelled  "0xfffff200"
      \`\`\`
      ",
      }
    `);
  });

  test('the same as JSON', async () => {
    const [first = '', second = ''] = recorded(BASELINE);
    write(BASELINE, first.replace('"slotsUsed":0', '"slotsUsed":7'), second);
    const { exitCode, stdout, stderr } = await run('fidelity', [folder, '--json']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' });
    const { id } = JSON.parse(first) as { id: string };
    expect(JSON.parse(stdout)).toEqual([
      {
        state: 'baseline',
        matched: 1,
        total: 2,
        first: {
          program: id,
          op: -1,
          what: 'end',
          recorded: expect.stringContaining('"slotsUsed":7'),
          modelled: expect.stringContaining('"slotsUsed":0'),
        },
      },
      { state: 'v99.1' },
    ]);
  });
});

describe('fidelity, in one line and with 2', () => {
  /** The bytes of a file of the folder, cut or replaced. */
  function damage(file: string, change: (bytes: Buffer) => Uint8Array): void {
    writeFileSync(join(folder, file), change(readFileSync(join(folder, file))));
  }

  test.each<[string, () => void, string]>([
    ['no manifest', () => rmSync(join(folder, 'manifest.json')), 'manifest.json: cannot be read (ENOENT)'],
    [
      'half a manifest',
      () => damage('manifest.json', (bytes) => bytes.subarray(0, 40)),
      'manifest.json: damaged: not JSON',
    ],
    [
      'a truncated gz',
      () => damage(BASELINE, (bytes) => bytes.subarray(0, bytes.length / 2)),
      `${BASELINE}: damaged: unexpected end of file`,
    ],
    [
      'too few results',
      () => write(BASELINE, ...recorded(BASELINE).slice(1)),
      `${BASELINE}: 1 results, the manifest says 2`,
    ],
    [
      'a line that is no JSON',
      () => write(BASELINE, recorded(BASELINE)[0] ?? '', '{"id":'),
      `${BASELINE}:2: damaged: not JSON`,
    ],
    [
      'other programs',
      () =>
        write(
          'programs.jsonl.gz',
          ...recorded('programs.jsonl.gz').map((line) => line.replace('fv-', 'gv-')),
        ),
      'no result of program gv-',
    ],
  ])('%s', async (_, breakIt, message) => {
    breakIt();
    const outcome = await run('fidelity', [folder]);
    expectTrouble(outcome, /./);
    expect(outcome.stderr).toContain(message);
  });

  test.each([
    ['v3.55', /^no vectors for state "v3\.55"; nearest: v3\.5, /],
    ['next', /^no vectors for state "next"; there are baseline, v99\.1$/],
  ])('no vectors of state %s', async (state, message) => {
    const where = state === 'next' ? [folder] : [];
    expectTrouble(await run('fidelity', [...where, '--state', state]), message);
  });
});
