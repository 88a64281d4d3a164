// SPDX-License-Identifier: GPL-2.0-only
/**
 * `node scripts/start.mjs COMMAND args…` runs a command in a checkout: as it was built, if no source has
 * changed since, which starts twice as fast; else from the sources, whose types are checked meanwhile.
 */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TROUBLE = 2;

/**
 * When a source below the folder, or what is in it, changed last.
 * @param {string} folder
 * @returns {number}
 */
function changed(folder) {
  let latest = statSync(folder).mtimeMs;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) latest = Math.max(latest, changed(path));
    else if (/\.(tsx?|css)$/.test(path)) latest = Math.max(latest, statSync(path).mtimeMs);
  }
  return latest;
}

function isBuilt() {
  const built = statSync(join(ROOT, 'dist', 'scripts', 'main.js'), { throwIfNoEntry: false });
  return (
    built !== undefined &&
    ['variants', 'harness', 'scripts'].every((name) => changed(join(ROOT, name)) < built.mtimeMs)
  );
}

/**
 * What the compiler says is wrong with the sources, in one line; empty: nothing. It keeps what it knows,
 * so that the next time takes a second.
 * @returns {Promise<string>}
 */
async function checkTypes() {
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  if (!existsSync(tsc)) {
    process.stderr.write(
      'bouncediff: the sources have changed; no TypeScript compiler to check them: npm ci\n',
    );
    return '';
  }
  const cache = join(ROOT, 'node_modules', '.cache', 'bouncediff', 'types.tsbuildinfo');
  const options = ['--noEmit', '--pretty', 'false', '--incremental', '--tsBuildInfoFile', cache];
  const args = [tsc, '--project', join(ROOT, 'tsconfig.build.json'), ...options];
  /** @type {{ failed: boolean, said: string }} */
  const { failed, said } = await new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: ROOT, maxBuffer: 1 << 28 }, (error, stdout) =>
      resolve({ failed: error !== null, said: stdout }),
    );
  });
  const errors = [...said.matchAll(/^(\S.*)\((\d+),(\d+)\): error (TS\d+): (.*)$/gm)];
  const [first] = errors;
  if (first === undefined) return failed ? `the types cannot be checked: ${said.split('\n')[0]}` : '';
  const [, file = '', line, column, code, message] = first;
  const more = errors.length > 1 ? `; ${errors.length - 1} more: npx tsc` : '';
  return `${relative(ROOT, join(ROOT, file))}:${line}:${column}: ${message} (${code}${more})`;
}

async function fromSources() {
  try {
    const { register } = await import('tsx/esm/api');
    register();
  } catch {
    complain('the sources have changed, and tsx, which runs them, is missing: npm ci');
    return;
  }
  process.setSourceMapsEnabled(true);
  try {
    await start(join(ROOT, 'scripts', 'main.ts'), { form: 'npm run', checkTypes });
  } catch (error) {
    // The command line itself could not be loaded.
    complain((await checkTypes()) || String(error));
  }
}

/**
 * In one line, as visible() has it (harness/text/visible.ts), which cannot be loaded here.
 * @param {string} message
 */
function complain(message) {
  const line = message
    .replaceAll(/\s*\n\s*/g, ' ')
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (c) => `\\u{${c.codePointAt(0)?.toString(16) ?? ''}}`);
  process.stderr.write(`bouncediff: ${line}\n`);
  process.exitCode = TROUBLE;
}

/**
 * @param {string} file that has main()
 * @param {{ form: string, checkTypes?: () => Promise<string> }} setting
 */
async function start(file, setting) {
  const module = /** @type {{ main: (setting: object) => Promise<void> }} */ (
    await import(pathToFileURL(file).href)
  );
  await module.main(setting);
}

// Where both are given, NO_COLOR wins. Node warns of them as soon as something imports node:util.
if (process.env.NO_COLOR) delete process.env.FORCE_COLOR;
if (isBuilt()) {
  await start(join(ROOT, 'dist', 'scripts', 'main.js'), { form: 'npm run' });
} else await fromSources();
