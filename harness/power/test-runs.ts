// SPDX-License-Identifier: GPL-2.0-only
/** Runs tests of this project as if one of its files were written otherwise, in a process of their own. */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { z } from 'zod';
import { UserError } from '../text/user-error.ts';

/** A file, by its path from the root, and the text that stands for its own. */
export interface Mistaken {
  readonly file: string;
  readonly text: string;
}

/** What is run: these files, and in them the tests whose name matches. */
export interface Tests {
  readonly files: readonly string[];
  readonly names?: string;
}

/** What came of it: the first test that failed, or undefined: all have passed. */
export interface Outcome {
  readonly failed: string | undefined;
  /** The longest time that it said nothing, milliseconds. */
  readonly silent: number;
}

const said = z.union([z.object({ failed: z.string() }), z.object({ passed: z.number() })]);
/** Test files whose tests run longest, which come last. */
const SLOW = /\/(budget|honest)\.test\.ts$/;

/** Test runs in a folder that is there until they are closed, or the process ends. */
export class TestRuns {
  readonly #root: string;
  readonly #folder: string;
  readonly #config: string;
  #runs = 0;

  private constructor(root: string, folder: string, config: string) {
    this.#root = root;
    this.#folder = folder;
    this.#config = config;
  }

  /** Nothing can be run any more, and nothing is left. */
  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  static async in(root: string): Promise<TestRuns> {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'bouncediff-power-')));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    const config = join(folder, 'jest.config.json');
    writeFileSync(config, JSON.stringify(await configFor(root, folder)));
    return new TestRuns(root, folder, config);
  }

  /** Runs the tests until one fails, or none ends for `limit` milliseconds. UserError where jest does not do its work. */
  async run({ files, names }: Tests, mistaken: Mistaken | undefined, limit: number): Promise<Outcome> {
    const name = join(this.#folder, String(this.#runs++));
    const ordered = files.toSorted((a, b) => Number(SLOW.test(a)) - Number(SLOW.test(b)));
    // One file that imports them: what they have in common is loaded once.
    const imports = ordered.map((file) => `import ${JSON.stringify(this.#pathTo(file))};\n`);
    writeFileSync(`${name}.test.ts`, imports.join(''));
    if (mistaken !== undefined) writeFileSync(`${name}.ts`, mistaken.text);
    const jest = join(this.#root, 'node_modules', 'jest', 'bin', 'jest.js');
    const args = ['--disable-warning=ExperimentalWarning', '--experimental-vm-modules', jest];
    args.push('--config', this.#config, '--runInBand', '--silent', '--runTestsByPath', `${name}.test.ts`);
    if (names !== undefined) args.push('--testNamePattern', names);
    const jestRun = execa(process.execPath, args, {
      cwd: this.#root,
      reject: false,
      stdin: 'ignore',
      env: {
        NODE_OPTIONS: '',
        ...(mistaken !== undefined && {
          BOUNCEDIFF_MISTAKEN: join(this.#root, mistaken.file),
          BOUNCEDIFF_MISTAKEN_TEXT: `${name}.ts`,
        }),
      },
    });
    let heard = performance.now();
    let silent = 0;
    const hear = (): void => {
      silent = Math.max(silent, performance.now() - heard);
      heard = performance.now();
    };
    jestRun.stdout.on('data', hear);
    let isEndless = false;
    const watch = setInterval(() => {
      if (performance.now() - heard <= limit) return;
      isEndless = true;
      jestRun.kill('SIGKILL');
    }, 200);
    const { stdout, stderr } = await jestRun;
    clearInterval(watch);
    hear();
    for (const file of [`${name}.test.ts`, `${name}.ts`]) rmSync(file, { force: true });
    if (isEndless) return { failed: 'the tests come to an end', silent };
    const line = stdout.split('\n').find((one) => one.startsWith('{"'));
    if (line === undefined) {
      throw new UserError(`jest does not run: ${stderr.trim().split('\n')[0] ?? ''}`);
    }
    const result = said.parse(JSON.parse(line));
    if ('failed' in result) return { failed: result.failed, silent };
    if (result.passed === 0) throw new UserError(`no test has run of ${files.join(', ')}`);
    return { failed: undefined, silent };
  }

  #pathTo(file: string): string {
    return relative(this.#folder, join(this.#root, file)).replaceAll('\\', '/');
  }
}

/** The project's own way of running tests, but for one file that is compiled otherwise, and until one fails. */
async function configFor(root: string, folder: string): Promise<object> {
  const { default: own } = (await import(pathToFileURL(join(root, 'jest.config.js')).href)) as {
    default: {
      readonly testEnvironment: string;
      readonly testEnvironmentOptions: object;
      readonly extensionsToTreatAsEsm: readonly string[];
      readonly transform: Readonly<Record<string, readonly [string, object]>>;
      readonly testTimeout: number;
    };
  };
  const { testEnvironment, testEnvironmentOptions, extensionsToTreatAsEsm, transform, testTimeout } = own;
  const transformed = Object.entries(transform).map(([pattern, [, options]]) => [
    pattern,
    [join(root, '.jest', 'mistaken-transform.mjs'), options],
  ]);
  return {
    rootDir: root,
    roots: [folder],
    testMatch: ['**/*.test.ts'],
    testEnvironment,
    testEnvironmentOptions,
    extensionsToTreatAsEsm,
    transform: Object.fromEntries(transformed) as object,
    injectGlobals: false,
    testTimeout,
    reporters: [join(root, '.jest', 'first-failure-reporter.mjs')],
  };
}
