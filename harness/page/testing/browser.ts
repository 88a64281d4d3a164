// SPDX-License-Identifier: GPL-2.0-only
/** A real browser, Debian's Chromium, for the tests of the page. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';

/** Names the browser where it is not on the PATH. */
const VARIABLE = 'BOUNCEDIFF_CHROMIUM';

/** Path of the browser; throws where there is none, since these tests cannot do without. */
function chromiumPath(): string {
  const named = process.env[VARIABLE];
  if (named !== undefined && existsSync(named)) return named;
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    try {
      return execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
    } catch {
      // Another name, perhaps.
    }
  }
  throw new Error(`no Chromium: install Debian's package chromium, or name one in $${VARIABLE}`);
}

export async function openBrowser(): Promise<Browser> {
  // In a container there is no sandbox to be had, and the pages are our own.
  return chromium.launch({ executablePath: chromiumPath(), args: ['--no-sandbox'] });
}

/** An open page, and what it did that it should not have. */
export interface Opened {
  readonly page: Page;
  /** Errors of the console and of scripts, and whatever was asked of the network. */
  readonly complaints: string[];
}

export interface View {
  readonly width?: number;
  readonly height?: number;
  readonly scheme?: 'light' | 'dark';
}

/** Opens a file of this machine. */
export async function openPage(browser: Browser, file: string, hash = '', view: View = {}): Promise<Opened> {
  const { width = 1280, height = 900, scheme = 'light' } = view;
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: scheme });
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', ({ message }) => complaints.push(message));
  page.on('request', (request) => {
    if (!request.url().startsWith('file:')) complaints.push(`asked for ${request.url()}`);
  });
  await page.goto(`file://${file}${hash}`);
  await page.waitForSelector('main section');
  return { page, complaints };
}
