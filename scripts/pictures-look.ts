// SPDX-License-Identifier: GPL-2.0-only
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { escapeXml } from '../harness/picture/svg.ts';
import { makeFolder } from '../harness/text/files.ts';
import { UserError } from '../harness/text/user-error.ts';
import { visible } from '../harness/text/visible.ts';
import { packageRoot } from '../harness/text/package-root.ts';
import { EXIT_BAD_NEWS, EXIT_OK, quote, type Args, type Command } from './cli.ts';
import { print } from './print.ts';
import { progressLine } from './terminal.ts';

export const picturesLook: Command = {
  usage: '<folder>',
  options: {
    only: { type: 'string', value: 'TEXT', help: 'only pictures and pages with that in their name' },
    mermaid: { type: 'string', value: 'FILE', help: 'a mermaid.min.js, to draw the sequence diagrams with' },
  },
  examples: ['/tmp/look --only v2-v3', '/tmp/look --mermaid mermaid.min.js'],
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
/** Chromium's numbers for prefers-color-scheme, Mermaid's themes, and the page behind. */
const SCHEMES = [
  { name: 'light', number: 1, theme: 'default', page: '#ffffff' },
  { name: 'dark', number: 0, theme: 'dark', page: '#0d1117' },
] as const;
type Scheme = (typeof SCHEMES)[number];

/** What waits for scripts, milliseconds of the page's own clock. */
const PATIENCE = 30_000;

async function run(args: Args): Promise<number> {
  const [folder = ''] = args.positionals;
  const only = args.text('only') ?? '';
  const mermaid = args.text('mermaid');
  if (mermaid !== undefined && !existsSync(mermaid)) throw new UserError(`no file ${quote(mermaid)}`);
  const browser = new Browser(findBrowser());
  process.once('exit', () => browser.forget());
  const reports = join(packageRoot(), 'reports');
  const named = (files: readonly string[], end: string): string[] =>
    files.filter((file) => file.endsWith(end) && file.includes(only)).toSorted();
  const pictures = named(readdirSync(join(reports, 'pictures')), '.svg');
  const pages = named(readdirSync(reports), '.md').flatMap((file) => {
    const diagrams = diagramsOf(readFileSync(join(reports, file), 'utf8'));
    return diagrams.length === 0 ? [] : [{ name: file.replace('.md', ''), diagrams }];
  });
  makeFolder(folder);
  try {
    await drawPictures(browser, join(reports, 'pictures'), pictures, folder);
    const count = pages.reduce((sum, { diagrams }) => sum + diagrams.length, 0);
    if (mermaid === undefined) {
      print(`${pictures.length} pictures in ${folder}; ${count} sequence diagrams not drawn: --mermaid\n`);
      return EXIT_OK;
    }
    const errors: string[] = [];
    for (const { name, diagrams } of pages) {
      errors.push(...(await drawDiagrams(browser, name, diagrams, mermaid, folder)));
    }
    for (const error of errors) print(`${visible(error)}\n`);
    print(`${pictures.length} pictures and ${count} sequence diagrams in ${folder}\n`);
    return errors.length > 0 ? EXIT_BAD_NEWS : EXIT_OK;
  } finally {
    browser.forget();
  }
}

/** The sources of the sequence diagrams in a page. */
function diagramsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^(`{3,})mermaid\n(.*?)\n\1$/gms)].map(([, , source = '']) => source);
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

/** Draws the diagrams of a page; returns what Mermaid says of those that it cannot read. */
async function drawDiagrams(
  browser: Browser,
  name: string,
  diagrams: readonly string[],
  mermaid: string,
  to: string,
): Promise<string[]> {
  let errors: string[] = [];
  for (const scheme of SCHEMES) {
    const page = browser.page(diagramPage(diagrams, resolve(mermaid), scheme));
    const dom = await browser.dump(page, scheme);
    errors = [...dom.matchAll(/<pre class="error">(.*?)<\/pre>/gs)].map(
      ([, said = '']) => `${name}: ${said}`,
    );
    const height = /data-height="(\d+)"/.exec(dom)?.[1] ?? '4000';
    await browser.shoot(page, join(to, `${name}.mermaid.${scheme.name}.png`), `1040,${height}`, scheme);
  }
  return errors;
}

function diagramPage(diagrams: readonly string[], mermaid: string, { theme, page }: Scheme): string {
  return `<!doctype html><meta charset="utf-8"><body style="background:${page}">
${diagrams.map((source) => `<pre class="mermaid">${source.split('\n').map(escapeXml).join('\n')}</pre>`).join('\n')}
<script src="${pathToFileURL(mermaid).href}"></script>
<script type="module">
mermaid.initialize({ startOnLoad: false, theme: '${theme}', securityLevel: 'strict' });
for (const pre of document.querySelectorAll('pre.mermaid')) {
  try {
    await mermaid.run({ nodes: [pre] });
  } catch (error) {
    pre.className = 'error';
    pre.textContent = error.message;
  }
}
document.body.dataset.height = document.documentElement.scrollHeight;
</script>`;
}

/** Runs the browser, again and again, with nothing kept. */
class Browser {
  private readonly program: string;
  private readonly folder = mkdtempSync(join(tmpdir(), 'pictures-'));
  private pages = 0;

  constructor(program: string) {
    this.program = program;
  }

  /** A page of that text. */
  page(html: string): string {
    const file = join(this.folder, `page-${this.pages++}.html`);
    writeFileSync(file, html);
    return file;
  }

  async shoot(file: string, png: string, size: string, scheme: Scheme): Promise<void> {
    await this.start(file, scheme, [`--screenshot=${resolve(png)}`, `--window-size=${size}`]);
    if (!existsSync(png)) throw new UserError(`${quote(this.program)} drew nothing for ${quote(file)}`);
  }

  /** The page after its scripts have run. */
  async dump(file: string, scheme: Scheme): Promise<string> {
    return this.start(file, scheme, ['--dump-dom', '--window-size=1040,800']);
  }

  private async start(file: string, { number }: Scheme, flags: readonly string[]): Promise<string> {
    const { stdout } = await execa(
      this.program,
      [
        ...FLAGS,
        `--user-data-dir=${join(this.folder, 'profile')}`,
        `--virtual-time-budget=${PATIENCE}`,
        `--blink-settings=preferredColorScheme=${number}`,
        ...flags,
        pathToFileURL(resolve(file)).href,
      ],
      { reject: false, stdin: 'ignore', timeout: 120_000 },
    );
    return stdout;
  }

  forget(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
