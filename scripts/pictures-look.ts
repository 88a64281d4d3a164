// SPDX-License-Identifier: GPL-2.0-only
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { makeFolder } from '../harness/text/files.ts';
import { UserError } from '../harness/text/user-error.ts';
import { packageRoot } from '../harness/text/package-root.ts';
import { EXIT_OK, quote, type Args, type Command } from './cli.ts';
import { print } from './print.ts';
import { progressLine } from './terminal.ts';

export const picturesLook: Command = {
  usage: '<folder>',
  options: {
    only: { type: 'string', value: 'TEXT', help: 'only pictures with that in their name' },
  },
  examples: ['/tmp/look', '/tmp/look --only v2-v3'],
  run,
};

/** What browsers are called. */
const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--hide-scrollbars',
];
/** Chromium's numbers for prefers-color-scheme. */
const SCHEMES = [
  { name: 'light', number: 1 },
  { name: 'dark', number: 0 },
] as const;
type Scheme = (typeof SCHEMES)[number];

async function run(args: Args): Promise<number> {
  const [folder = ''] = args.positionals;
  const only = args.text('only') ?? '';
  const browser = new Browser(findBrowser());
  process.once('exit', () => browser.forget());
  const reports = join(packageRoot(), 'reports');
  const pictures = readdirSync(join(reports, 'pictures'))
    .filter((file) => file.endsWith('.svg') && file.includes(only))
    .toSorted();
  makeFolder(folder);
  try {
    await drawPictures(browser, join(reports, 'pictures'), pictures, folder);
    print(`${pictures.length} pictures in ${folder}\n`);
    return EXIT_OK;
  } finally {
    browser.forget();
  }
}

function findBrowser(): string {
  const wanted = process.env['CHROMIUM'];
  if (wanted !== undefined) {
    if (existsSync(wanted)) return wanted;
    throw new UserError(`CHROMIUM is ${quote(wanted)}, which is no file`);
  }
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const found = BROWSERS.flatMap((name) => folders.map((at) => join(at, name))).find((file) =>
    existsSync(file),
  );
  if (found !== undefined) return found;
  throw new UserError(`no browser; set CHROMIUM to one, or have one of ${BROWSERS.join(', ')} in the PATH`);
}

async function drawPictures(
  browser: Browser,
  from: string,
  pictures: readonly string[],
  to: string,
): Promise<void> {
  const progress = progressLine('pictures');
  for (const [done, file] of pictures.entries()) {
    progress(done, pictures.length);
    const picture = join(from, file);
    const [, width = '800', height = '600'] =
      /<svg [^>]*width="(\d+)" height="(\d+)"/.exec(readFileSync(picture, 'utf8')) ?? [];
    for (const scheme of SCHEMES) {
      const png = join(to, file.replace('.svg', `.${scheme.name}.png`));
      await browser.shoot(picture, png, `${width},${height}`, scheme);
    }
  }
  progress(1, 1);
}

/** Runs the browser, again and again, with nothing kept. */
class Browser {
  private readonly program: string;
  private readonly folder = mkdtempSync(join(tmpdir(), 'pictures-'));

  constructor(program: string) {
    this.program = program;
  }

  async shoot(file: string, png: string, size: string, scheme: Scheme): Promise<void> {
    await execa(
      this.program,
      [
        ...FLAGS,
        `--user-data-dir=${join(this.folder, 'profile')}`,
        `--blink-settings=preferredColorScheme=${scheme.number}`,
        `--screenshot=${resolve(png)}`,
        `--window-size=${size}`,
        pathToFileURL(resolve(file)).href,
      ],
      { reject: false, stdin: 'ignore', timeout: 120_000 },
    );
    if (!existsSync(png)) throw new UserError(`${quote(this.program)} drew nothing for ${quote(file)}`);
  }

  forget(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
