// SPDX-License-Identifier: GPL-2.0-only
/** The page in a real browser: `npm run test:page`. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { hostile } from '../report/testing/hostile.ts';
import { reportOf } from '../report/testing/make.ts';
import { toHtml } from './html.ts';
import type { PageData } from './page-data.ts';
import { openBrowser, openPage, type View } from './testing/browser.ts';
import { assets, page as pageData, pageOfReport } from './testing/make.ts';

const folder = mkdtempSync(join(tmpdir(), 'bouncediff-page-'));
const drawnWith = assets();
const report = reportOf('v2', 'v3', 'min-align-mask/n*');
const data = pageOfReport(report);
let browser: Browser;
let open: Page[] = [];
let complaints: string[] = [];

function write(name: string, made: PageData): string {
  const file = join(folder, `${name}.html`);
  writeFileSync(file, toHtml(made, drawnWith));
  return file;
}

const file = write('v2-v3', data);

async function show(hash = '', view: View = {}, path = file): Promise<Page> {
  const opened = await openPage(browser, path, hash, view);
  open.push(opened.page);
  ({ complaints } = opened);
  return opened.page;
}

beforeAll(async () => {
  browser = await openBrowser();
});
afterEach(async () => {
  await Promise.all(open.map(async (page) => page.close()));
  open = [];
  expect(complaints).toEqual([]);
});
afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
});

const regressed = data.findings.filter(({ kind }) => kind === 'regressed');
const isolation = data.findings.find(({ clause }) => clause === 'isolation');
if (isolation === undefined) throw new Error('no finding to look at');

/** Where everything stands that must not move: the boxes of the finding, its rows and cells. */
async function places(page: Page): Promise<string> {
  return page.evaluate<string>(`[...document.querySelectorAll('.stepbox > *, .map tr, .map td, .ctl > *, .jumps > *')]
    .map((element) => {
      const { x, y, width, height } = element.getBoundingClientRect();
      return [x, y, width, height].map(Math.round).join(' ');
    })
    .join(';')`);
}

/** The row that the traces stand in, from 0. */
const rowOf = async (page: Page): Promise<number> =>
  Number(await page.locator('.trow[aria-current]').getAttribute('data-row'));

const current = async (page: Page): Promise<string> => page.locator('.trow[aria-current]').innerText();

/** The current row lies inside of what is seen of the traces. */
async function isInSight(page: Page): Promise<boolean> {
  const [trace, row] = await Promise.all(
    ['.trace', '.trow[aria-current]'].map(async (of) => page.locator(of).boundingBox()),
  );
  if (trace === null || trace === undefined || row === null || row === undefined) return false;
  return row.y >= trace.y && row.y + row.height <= trace.y + trace.height;
}

describe('the list', () => {
  test('it opens with everything but what is inherited, and counts', async () => {
    const page = await show();
    expect(await page.title()).toBe('bouncediff: v2 → v3');
    const rows = data.findings.filter(({ kind }) => kind !== 'inherited');
    expect(await page.locator('tr.f').count()).toBe(rows.length);
    expect(await page.getByRole('status').innerText()).toBe(`${rows.length} of ${data.findings.length}`);
  });

  test('filters go into the address, and an address has its filter', async () => {
    const page = await show('#report?kind=regressed');
    expect(await page.locator('tr.f').count()).toBe(regressed.length);
    await page.getByLabel('clause').selectOption('isolation');
    expect(await page.locator('tr.f').count()).toBe(1);
    expect(new URL(page.url()).hash).toBe('#report?kind=regressed&clause=isolation');
    await page.locator('label', { hasText: 'regressed' }).click();
    expect(await page.locator('tr.f').count()).toBe(0);
    await page.getByText('Clear the filters').click();
    expect(await page.locator('tr.f').count()).toBeGreaterThan(1);
  });

  test('a row leads to its finding, Escape back to the row', async () => {
    const page = await show('#report?kind=regressed');
    await page.locator('tr.f', { hasText: 'isolation' }).locator('td').first().click();
    expect(await page.locator('.fh h1').innerText()).toBe('isolation: cleared-by-operation');
    await page.keyboard.press('Escape');
    await page.locator('tr.f').first().waitFor();
    // The address of a step may not come after it.
    await page.waitForTimeout(400);
    expect(await page.evaluate<string>('location.hash')).toBe('#report?kind=regressed');
    expect(await page.locator(':focus').innerText()).toContain('isolation');
  });
});

describe('a finding', () => {
  test('it opens where the clause breaks, in the bytes it is about', async () => {
    const page = await show(`#finding=${isolation.id}`);
    expect(await current(page)).toContain('memset(bounce(rx)-0x800, 0, size 2048)');
    expect(await page.locator('td.by.wrong').count()).toBe(1);
    expect(await page.locator('.det').innerText()).toContain('3. memset: 0 cleared');
    await page.waitForURL(`**#finding=${isolation.id}&step=${isolation.row + 1}&at=v3:0x1001000`);
  });

  test('the address of a line and a stretch opens there', async () => {
    const page = await show(`#finding=${isolation.id}&step=2&at=v2:0x1000000`);
    expect(await current(page)).toContain('swiotlb_tbl_map_single(');
    expect(await page.locator('.det').innerText()).toContain('v2 0x1000000');
  });

  test('keys step, jump, and go to other findings', async () => {
    const page = await show(`#finding=${isolation.id}`);
    await page.keyboard.press('Home');
    expect(await rowOf(page)).toBe(0);
    await page.keyboard.press('k');
    expect(await rowOf(page)).toBe(0);
    await page.keyboard.press('j');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowDown');
    expect(await rowOf(page)).toBe(3);
    await page.keyboard.press('b');
    expect(await rowOf(page)).toBe(isolation.row);
    await page.keyboard.press('p');
    expect(await rowOf(page)).toBeLessThan(isolation.row);
    await page.keyboard.press('n');
    expect(await rowOf(page)).toBe(isolation.row);
    await page.keyboard.press('a');
    expect(await current(page)).toContain('memset(0x1001000, 0, size 2048)');
    await page.keyboard.press(']');
    await page.locator('.fh code').filter({ hasNotText: isolation.id }).waitFor();
  });

  test('a click on bytes says who wrote them and when, and leads there', async () => {
    const page = await show(`#finding=${isolation.id}`);
    await page.locator('td.by.wrong').click();
    await page.locator('.det button', { hasText: '2. device_write' }).click();
    expect(await current(page)).toContain('2. device_write read');
    expect(await page.locator('td.by.wrong').count()).toBe(0);
    expect(await page.locator('.det').innerText()).toContain('that disk wrote through read in step 2');
  });

  test('arrow keys go through the stretches of a map', async () => {
    const page = await show(`#finding=${isolation.id}`);
    await page.locator('td.by').first().focus();
    await page.keyboard.press('ArrowDown');
    const second = isolation.at < 0 ? 0 : (data.cases[isolation.at]?.stretches[1]?.[0] ?? 0);
    expect(await page.locator('.det').innerText()).toContain(`v2 0x${second.toString(16)}`);
  });
});

test.each([
  [1280, 'light'],
  [900, 'dark'],
] as const)('every finding is stepped through at %d pixels, %s, and nothing moves', async (width, scheme) => {
  const page = await show('', { width, scheme });
  for (const { id, at } of data.findings) {
    await page.evaluate(`location.hash = '#finding=${id}'`);
    await page.locator('.fh code').getByText(id, { exact: true }).waitFor();
    const rows = data.cases[at]?.rows.length ?? 0;
    expect(await page.locator('.trow').count()).toBe(rows);
    await page.keyboard.press('Home');
    const before = await places(page);
    const steps = Math.min(rows, 60);
    for (let step = 0; step < steps; step++) await page.keyboard.press('j');
    await page.keyboard.press('End');
    expect(await places(page)).toBe(before);
    expect(await isInSight(page)).toBe(true);
    const sideways = await page.evaluate<number>(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    );
    expect({ id, sideways }).toEqual({ id, sideways: 0 });
  }
});

test('dark follows the system, and a button changes it', async () => {
  const page = await show('', { scheme: 'dark' });
  const ground = async (): Promise<string> =>
    page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor');
  expect(await ground()).toBe('rgb(18, 20, 23)');
  await page.getByRole('button', { name: 'Light' }).click();
  expect(await ground()).toBe('rgb(255, 255, 255)');
});

test('a mark of the matrix leads to its finding, arrow keys go from cell to cell', async () => {
  const page = await show('#matrix');
  expect(await page.locator('.mx tbody tr').count()).toBe(data.matrix.rows.length);
  await page.locator('.mx td[tabindex="0"]').focus();
  await page.keyboard.press('ArrowLeft');
  expect(await page.locator('.panel h2').innerText()).toContain(' in v2: ');
  await page.locator(`.mx a[href="#finding=${isolation.id}"]`).first().click();
  expect(await page.locator('.fh h1').innerText()).toBe('isolation: cleared-by-operation');
});

test('a case with hundreds of lines and dozens of stretches folds its map', async () => {
  const large = pageData('v2', 'v3', 'min-align-mask/neighbour-after-wrap-around');
  const shown = large.cases.find(({ rows, stretches }) => rows.length > 400 && stretches.length > 60);
  const finding = large.findings.find(({ at }) => large.cases[at] === shown);
  const page = await show(`#finding=${finding?.id}`, {}, write('large', large));
  expect(await page.locator('.map tbody tr:not(.gap)').count()).toBe(24);
  expect(await page.locator('td.by.wrong').count()).toBeGreaterThan(0);
  expect(await isInSight(page)).toBe(true);
  const started = Date.now();
  for (let step = 0; step < 20; step++) await page.keyboard.press('k');
  expect((Date.now() - started) / 20).toBeLessThan(250);
  await page.getByRole('button', { name: /more stretches/ }).click();
  expect(await page.locator('.map tbody tr:not(.gap)').count()).toBe(shown?.stretches.length);
});

test('hostile names are text', async () => {
  const name = '</script><img src=x onerror=alert(1)>"\'&\u202e#finding';
  const page = await show('', {}, write('hostile', pageOfReport(hostile(report, name))));
  expect(await page.locator('img').count()).toBe(0);
  await page.locator('tr.f a').first().click();
  expect(await page.locator('.stepbox').count()).toBe(1);
  expect(await page.locator('body').innerText()).toContain(String.raw`<img src=x onerror=alert(1)>`);
  expect(await page.locator('body').innerText()).not.toContain('\u202e');
});

test('what is printed has the whole trace, and no buttons', async () => {
  const page = await show(`#finding=${isolation.id}`);
  await page.emulateMedia({ media: 'print' });
  const of = async (what: string): Promise<number> =>
    page.evaluate<number>(`document.querySelector('.trace').${what}`);
  const [whole, shown] = [await of('scrollHeight'), await of('clientHeight')];
  expect(shown).toBeGreaterThanOrEqual(whole - 2);
  expect(await page.locator('.jumps').isVisible()).toBe(false);
});

test('a report of misuse has a section with what no clause looked at', async () => {
  const made = pageData('baseline', 'v8', 'errors/unmap-of-a-failed-map*');
  const page = await show('', {}, write('misuse', made));
  const section = page.locator('h2', { hasText: 'Not judged' });
  expect(await section.count()).toBe(1);
  expect(await section.locator('xpath=following-sibling::ul[1]/li').count()).toBe(made.notJudged.length - 1);
});
