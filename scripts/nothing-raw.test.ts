// SPDX-License-Identifier: GPL-2.0-only
/** Names of somebody who means harm, through every command: nothing unseen comes out, and no line of its own. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { buildMatrix } from '../harness/compare/matrix.ts';
import { Prober, targetOf } from '../harness/explore/prober.ts';
import { Search } from '../harness/explore/search.ts';
import { sectionOf } from '../harness/explore/section.ts';
import { inThisThread } from '../harness/explore/workers.ts';
import { Machine } from '../harness/machine/machine.ts';
import { drawMemoryMap } from '../harness/picture/memory-picture.ts';
import { brokenIn, pairOf, renamed } from '../harness/picture/testing/cases.ts';
import { whatIsWrong } from '../harness/picture/testing/well-formed.ts';
import { Run } from '../harness/run/run.ts';
import { toComment } from '../harness/report/comment.ts';
import { toJson } from '../harness/report/json.ts';
import { toMarkdown } from '../harness/report/markdown.ts';
import { matrixToJson, matrixToMarkdown } from '../harness/report/matrix-markdown.ts';
import { hostile } from '../harness/report/testing/hostile.ts';
import { reportOf } from '../harness/report/testing/make.ts';
import { cellsOf, readInline } from '../harness/report/testing/read-markdown.ts';
import { renderMarkdown } from '../harness/text/render-markdown.ts';
import { renderPlain } from '../harness/text/render-plain.ts';
import { jsonText, literal } from '../harness/text/visible.ts';
import { ALL_UNSEEN, hostileName, RAW } from '../harness/text/testing/raw.ts';
import type { State } from '../harness/subject/state.ts';
import { allStates, findState } from '../variants/registry.ts';
import { COMMANDS } from './commands.ts';
import { header } from './explore.ts';
import { documentOf as fidelityDocument } from './fidelity.ts';
import { listing } from './source.ts';
import { listed, rowOf } from './states.ts';
import { runHere } from './testing/in-process.ts';
import { copyProject, temporaryFolder } from './testing/project-copy.ts';
import { run, type Outcome } from './testing/run.ts';
import { documentOf as traceDocument } from './trace.ts';

/** The output for a harmless name, and for every other: as many lines, and nothing raw. */
function expectHarmless(make: (name: string) => string, { lines = true, runs = 30 } = {}): void {
  const honest = make('x').split('\n').length;
  fc.assert(
    fc.property(hostileName, (name) => {
      const text = make(name);
      expect(text).not.toMatch(RAW);
      if (lines) expect(text.split('\n')).toHaveLength(honest);
    }),
    { numRuns: runs, examples: [[ALL_UNSEEN]] },
  );
}

function stateNamed(id: string): State {
  const found = findState(id);
  if (found === undefined) throw new Error(id);
  return found;
}

function hostileState(state: State, name: string): State {
  const chain = state.chain.map((link) => ({
    ...link,
    id: name,
    subject: name,
    messageId: name,
    place: name,
    date: name,
  }));
  return { ...state, id: name, alias: name, origin: name, chain };
}

const CASE = 'min-align-mask/neighbour-slot[scribble=false]';
const pair = pairOf('v2', 'v3', CASE);
const CLAUSE = ['isolation', 'cleared-by-operation'] as const;

describe('nothing raw in', () => {
  const report = reportOf('v2', 'v3', 'min-align-mask/neighbour*');

  test('JSON, which reads back as it was', () => {
    fc.assert(
      fc.property(hostileName, (name) => {
        const json = toJson(hostile(report, name));
        expect(json).not.toMatch(RAW);
        expect(JSON.parse(json)).toMatchObject({ from: { id: name } });
      }),
      { numRuns: 10, examples: [[ALL_UNSEEN]] },
    );
  });

  test('a step summary, and the comment of a pull request', () => {
    fc.assert(
      fc.property(hostileName, (name) => {
        const bad = hostile(report, name);
        for (const text of [toMarkdown(bad), toComment([bad, bad], name)]) {
          expect(text).not.toMatch(RAW);
          expect(text).not.toMatch(/^::|\]\([^)]*[\s(]/m);
        }
      }),
      { numRuns: 5, examples: [[ALL_UNSEEN]] },
    );
  });

  test('a trace', () => {
    expectHarmless((name) => {
      const { run: recording } = pairOf('v2', 'v3', {
        ...renamed(pair.to.run.scenario, name),
        name,
        why: name,
      }).to;
      return renderPlain(traceDocument(new Run(recording, { state: name }), true));
    });
  });

  test('the list of states: each has its row of five cells', () => {
    const some = allStates().slice(0, 3);
    const make = (name: string): string =>
      renderMarkdown(listed(some.map((state) => hostileState(state, name))));
    expectHarmless(make);
    fc.assert(
      fc.property(hostileName, (name) => {
        for (const row of make(name).trimEnd().split('\n')) expect(cellsOf(row)).toHaveLength(5);
      }),
      { numRuns: 30 },
    );
    expectHarmless((name) => jsonText(some.map((state) => rowOf(hostileState(state, name)))));
  });

  test('a matrix', () => {
    const states = [stateNamed('v2'), stateNamed('v3')];
    const matrixOf = (name: string): ReturnType<typeof buildMatrix> => {
      const built = buildMatrix(states, [pair.to.run.scenario], () => undefined);
      const scenarios = new Map([...built.scenarios].map(([, row]) => [name, row]));
      return { ...built, scenarios, states: built.states.map((state) => hostileState(state, name)) };
    };
    const context = (name: string) => ({ corpusHash: name, version: name });
    expectHarmless((name) => matrixToMarkdown(matrixOf(name), context(name)));
    expectHarmless((name) => matrixToJson(matrixOf(name), context(name)));
  });

  test('pictures', () => {
    const broken = brokenIn(pair, 'to', ...CLAUSE);
    const sides = (name: string): typeof pair => {
      const bad = pairOf('v2', 'v3', renamed(pair.to.run.scenario, name));
      const side = ({ state, run: recording }: typeof pair.from) => ({
        state,
        run: new Run(recording, { state: name }),
      });
      return { from: side(bad.from), to: side(bad.to) };
    };
    fc.assert(
      fc.property(hostileName, (name) => {
        const { from, to } = sides(name);
        const svg = drawMemoryMap(from, to, broken, name);
        expect(svg).not.toMatch(RAW);
        expect(whatIsWrong(svg)).toBeUndefined();
      }),
      { numRuns: 10, examples: [[ALL_UNSEEN]] },
    );
  });

  test('an exploration', async () => {
    const assignment = {
      from: 'v2',
      to: 'v3',
      clause: undefined,
      different: true,
      programs: { seed: 1 },
    } as const;
    const search = new Search(inThisThread(Prober.of(assignment)));
    await search.run(0, 64);
    const [finding] = search.findings;
    if (finding === undefined) throw new Error('nothing found');
    const machine = new Machine();
    const subject = targetOf(assignment);
    const names = (name: string) => ({
      ...subject,
      from: { ...stateNamed('v2'), id: name },
      to: { ...stateNamed('v3'), id: name },
    });
    // The scenario in it is wrapped.
    expectHarmless((name) => renderMarkdown(sectionOf(machine, names(name), finding, name)), {
      runs: 5,
      lines: false,
    });
    expectHarmless((name) => {
      const entry = { states: 'all', scenario: name, clause: 'no-crash', reason: name, line: 1 } as const;
      const bad = Object.assign(Object.create(Search.prototype) as Search, search, {
        expected: [{ entry, shown: finding.shown, index: 1 }],
      });
      const text = renderMarkdown(header(names(name), undefined, bad, `seed 1`, ''));
      for (const line of text.split('\n')) expect(readInline(line).bare).not.toMatch(/^(?:#|::)|</);
      return text;
    });
  });

  test('the listing of a function, which stays one comment and its code', () => {
    expectHarmless((name) =>
      renderPlain(
        listing(
          { method: name, kernelFunction: name, patch: name, text: 'code', file: 'a.ts', line: 1 },
          hostileState(stateNamed('v3'), name),
        ),
      ),
    );
  });

  test('a mismatch with a recording', () => {
    const first = (name: string) => ({ program: name, op: 1, what: name, recorded: name, modelled: name });
    expectHarmless((name) =>
      renderMarkdown(
        fidelityDocument([{ state: name, matched: 0, total: 1, first: first(name) }, { state: name }]),
      ),
    );
  });
});

describe('an error is one line', () => {
  const commands = COMMANDS.map(({ name }) => name);

  test.each(commands)('of %s, whatever its arguments are', async (name) => {
    const lines = [
      // Any file may have been touched.
      ...(name === 'touched' ? [] : [[ALL_UNSEEN, ALL_UNSEEN, ALL_UNSEEN]]),
      [`--${ALL_UNSEEN}`],
      ['v2', 'v3', 'v4', 'v5', '--output', `/no/${ALL_UNSEEN}`],
    ];
    for (const args of lines) {
      const { exitCode, stdout, stderr } = await runHere(name, args);
      expect({ args, exitCode, stdout }).toEqual({ args, exitCode: 2, stdout: '' });
      expect(stderr).toMatch(/^bouncediff: [^\n]+\n$/);
      expect(stderr).not.toMatch(RAW);
    }
  });

  test('and never a command to the runner of a workflow', async () => {
    jest.replaceProperty(process, 'env', { ...process.env, GITHUB_ACTIONS: 'true' });
    const { exitCode, stderr } = await runHere('trace', ['##[error]', 'x']);
    jest.restoreAllMocks();
    expect(exitCode).toBe(2);
    expect(stderr).toContain(String.raw`unknown state "#\u{23}[error]"`);
  });
});

describe('in a project whose texts are hostile', () => {
  const folder = temporaryFolder();
  const root = copyProject(['min-align-mask/neighbour-slot', 'config/no-swiotlb-page']);
  const SOME = ['--scenario', 'min-align-mask/*'];
  const DANGER = ALL_UNSEEN.replace('\uD800', '').replaceAll('\u0000', '');
  afterAll(() => {
    for (const each of [folder, root]) rmSync(each, { recursive: true });
  });
  beforeAll(() => {
    const file = join(root, 'corpus', 'min-align-mask', 'neighbour-slot.yaml');
    const text = readFileSync(file, 'utf8').replaceAll(/^(name|why|refs):.*\n(?:[ >].*\n)*/gm, '');
    const quoted = (value: string): string =>
      literal(value).replaceAll(/\p{Cs}|[\u{10000}-\u{10FFFF}]/gu, '?');
    const title = quoted(DANGER.replaceAll(/[\n\r\u2028\u2029]/g, ''));
    writeFileSync(file, `name: ${title}\nwhy: ${quoted(DANGER)}\nrefs: [${quoted(DANGER)}]\n${text}`);
    const expectation = {
      states: 'v3',
      scenario: 'min-align-mask/*',
      clause: 'no-crash',
      reason: DANGER,
      link: DANGER,
    };
    writeFileSync(join(root, 'corpus', 'expectations.yaml'), stringify([expectation]));
    const dist = join(root, 'dist', 'variants');
    for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('index.js')) continue;
      const code = readFileSync(join(dist, name), 'utf8');
      writeFileSync(
        join(dist, name),
        code.replaceAll(/subject: (['"]).*\1,/g, `subject: ${JSON.stringify(DANGER)},`),
      );
    }
  });

  const output = join(folder, 'output');
  const summary = join(folder, 'summary');
  test.each<[string, string[]]>([
    ['trace', ['v3', 'min-align-mask/*']],
    ['compare', ['v2', 'v3', ...SOME, '--full', '--claims', '--summary', summary]],
    ['compare', ['v2', 'v3', ...SOME, '--format', 'terminal']],
    ['compare', ['v2', 'v3', ...SOME, '--format', 'junit']],
    ['compare', ['v2', 'v3', ...SOME, '--json']],
    ['compare', ['v2', 'v3', ...SOME, '--output', output]],
    ['states', []],
    ['states', ['--json']],
    ['matrix', ['v2', 'v3']],
    ['source', ['v3', 'mapPage']],
    ['source', ['v3', '--diff', 'v2']],
    ['explore', ['v2', 'v3', '--runs', '30', '--workers', '1']],
  ])('%s %j', async (name, args) => {
    const colour = args.includes('terminal');
    const outcome = await run(name, args, {
      root,
      env: { FORCE_COLOR: colour ? '1' : '0', GITHUB_ACTIONS: 'true' },
    });
    expect({ exitCode: [0, 1].includes(outcome.exitCode ?? 2), stderr: outcome.stderr }).toEqual({
      exitCode: true,
      stderr: '',
    });
    const files = args.flatMap((arg) => (arg.startsWith(folder) ? [readFileSync(arg, 'utf8')] : []));
    // oxlint-disable-next-line no-control-regex
    const text = [outcome.stdout, ...files].join('').replaceAll(/\u001B\[(?:1|2|22|3[12369])m/g, '');
    expect(text.length).toBeGreaterThan(100);
    expect(name === 'source' ? text.replaceAll('\t', '') : text).not.toMatch(RAW);
    expect(text).not.toMatch(/^\s*::error::/m);
    if (name === 'explore') expect(text).not.toMatch(/^::/m);
  });

  describe('what is called what no file should be', () => {
    async function expectOneLine(outcome: Outcome | Promise<Outcome>): Promise<void> {
      const { exitCode, stdout, stderr } = await outcome;
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
      expect(stderr).toMatch(/^bouncediff: [^\n]+\n$/);
      expect(stderr).not.toMatch(RAW);
    }

    test.each(['topic\n::error::x\u007F', 'map'])('a folder %j', async (topic) => {
      const bad = join(root, 'corpus', topic);
      mkdirSync(bad);
      writeFileSync(join(bad, 'x\n::error::y\u202E.yaml'), '');
      await expectOneLine(run('trace', ['v3', '**'], { root }));
      rmSync(bad, { recursive: true });
    });

    test('the project itself', async () => {
      const bad = join(folder, 'p\n::error::q\u007F');
      renameSync(root, bad);
      writeFileSync(join(bad, 'corpus', 'expectations.yaml'), '- {}\n');
      await expectOneLine(run('compare', ['v2', 'v3'], { root: bad }));
      renameSync(bad, root);
    });
  });
});

test('--accept takes no reason with what nobody sees', async () => {
  const { exitCode, stderr } = await runHere('compare', ['v2', 'v3', '--accept', 'a\u202Eb']);
  expect([exitCode, stderr]).toEqual([
    2,
    'bouncediff: --accept takes one line of text, without what nobody sees; not "a\\u{202e}b"\n',
  ]);
});

test('only print.ts writes to standard output and standard error, and terminal.ts the progress', () => {
  const folder = import.meta.dirname;
  const writers = readdirSync(folder)
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .filter((name) =>
      /std(?:out|err)\.write|writeSync|console\./.test(readFileSync(join(folder, name), 'utf8')),
    );
  expect(writers).toEqual(['print.ts', 'terminal.ts']);
});
