// SPDX-License-Identifier: GPL-2.0-only
/**
 * `node scripts/start.mjs NAME args…` runs scripts/NAME.ts: as it was built, if no source has changed
 * since, which starts twice as fast; else from the sources.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

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
    else if (path.endsWith('.ts')) latest = Math.max(latest, statSync(path).mtimeMs);
  }
  return latest;
}

function isBuilt() {
  const built = statSync(join(ROOT, 'dist', 'scripts', 'cli.js'), { throwIfNoEntry: false });
  return (
    built !== undefined &&
    ['variants', 'harness', 'scripts'].every((name) => changed(join(ROOT, name)) < built.mtimeMs)
  );
}

async function fromSources() {
  const { register } = await import('tsx/esm/api');
  process.setSourceMapsEnabled(true);
  register();
}

const [, , name = ''] = process.argv;
const built = isBuilt();
if (!built) await fromSources();
const script = built ? join(ROOT, 'dist', 'scripts', `${name}.js`) : join(ROOT, 'scripts', `${name}.ts`);
process.argv.splice(1, 2, script);
await import(pathToFileURL(script).href);
