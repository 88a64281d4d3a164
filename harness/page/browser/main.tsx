// SPDX-License-Identifier: GPL-2.0-only
/** The page of a comparison: its views, chosen by the address. */
import './page.css';
import { render, type VNode } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { PageData } from '../page-data.ts';
import { FindingView } from './finding-view.tsx';
import { MatrixView } from './matrix-view.tsx';
import { filtered, ReportView } from './report-view.tsx';
import { DEFAULT_FILTER, findingHash, reportHash, routeOf, type Filter } from './route.ts';

const KEYS: readonly (readonly [string, string])[] = [
  ['j → / k ←', 'next / previous line'],
  ['n / p', 'next / previous difference'],
  ['b', 'where the clause breaks'],
  ['Home / End', 'first / last line'],
  ['] / [', 'next / previous finding'],
  ['a', 'addresses: names or raw'],
  ['c', 'copy as reply'],
  ['↑ ↓', 'in the trace lines, in the map stretches, in the matrix cells'],
  ['d', 'dark or light'],
  ['Esc', 'back to the list'],
];

function Page({ data }: { readonly data: PageData }): VNode {
  const [route, setRoute] = useState(() => routeOf(location.hash));
  const [raw, setRaw] = useState(false);
  const [keys, setKeys] = useState(false);
  const [dark, setDark] = useState(() => matchMedia('(prefers-color-scheme: dark)').matches);
  const filter = useRef<Filter>(route.view === 'report' ? route.filter : DEFAULT_FILTER);
  const last = useRef<string | undefined>(route.view === 'finding' ? route.id : undefined);
  if (route.view === 'report') filter.current = route.filter;
  const finding = route.view === 'finding' ? data.findings.find(({ id }) => id === route.id) : undefined;
  if (finding !== undefined) last.current = finding.id;
  useEffect(() => {
    const follow = (): void => {
      setRoute(routeOf(location.hash));
      scrollTo(0, 0);
    };
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  useEffect(() => {
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    const follow = (): void => setDark(scheme.matches);
    scheme.addEventListener('change', follow);
    return () => scheme.removeEventListener('change', follow);
  }, []);
  useLayoutEffect(() => {
    document.documentElement.dataset['theme'] = dark ? 'dark' : 'light';
  }, [dark]);
  useEffect(() => {
    const key = (event: KeyboardEvent): void => {
      const isTyping = event.target instanceof Element && event.target.matches('select, input, textarea');
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
      if (event.key === '?') setKeys((shown) => !shown);
      if (event.key === 'd') setDark((before) => !before);
    };
    addEventListener('keydown', key);
    return () => removeEventListener('keydown', key);
  }, []);
  useEffect(() => {
    const what = finding === undefined ? '' : `${finding.clause}: ${finding.cause} · `;
    document.title = `${what}bouncediff: ${data.from.id} → ${data.to.id}`;
  }, [finding]);
  const listed = filtered(data, filter.current);
  const setFilter = (next: Filter): void => {
    history.replaceState(null, '', reportHash(next));
    setRoute({ view: 'report', filter: next });
  };
  const view = finding === undefined && route.view === 'finding' ? 'report' : route.view;
  const current = last.current ?? listed[0]?.id ?? data.findings[0]?.id;
  return (
    <>
      <a class="skip" href="#main" onClick={focusMain}>
        Skip to the report
      </a>
      <header class="bar">
        <span class="name">bouncediff</span>
        <span class="rev">
          {data.from.id} → {data.to.id}
        </span>
        <nav aria-label="Views">
          <a href={reportHash(filter.current)} aria-current={view === 'report' ? 'page' : undefined}>
            Report
          </a>
          {current !== undefined && (
            <a href={findingHash(current)} aria-current={view === 'finding' ? 'page' : undefined}>
              Finding
            </a>
          )}
          <a href="#matrix" aria-current={view === 'matrix' ? 'page' : undefined}>
            Matrix
          </a>
        </nav>
        <span class="grow" />
        <button type="button" class="link" title="dark or light: d" onClick={() => setDark(!dark)}>
          {dark ? 'Light' : 'Dark'}
        </button>
        <button
          type="button"
          class="link"
          aria-expanded={keys}
          aria-controls="keys"
          onClick={() => setKeys(!keys)}
        >
          Keys <kbd>?</kbd>
        </button>
      </header>
      <div id="keys" class="keys" hidden={!keys}>
        <dl>
          {KEYS.map(([key, what]) => (
            <div>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
      </div>
      <main id="main" tabIndex={-1}>
        {route.view === 'finding' && finding !== undefined && (
          <FindingView
            data={data}
            finding={finding}
            route={route}
            listed={listed.includes(finding) ? listed : data.findings}
            raw={raw}
            setRaw={setRaw}
            back={() => (location.hash = reportHash(filter.current))}
          />
        )}
        {view === 'report' && (
          <>
            {route.view === 'finding' && <p class="none">No finding is called {route.id}.</p>}
            <ReportView data={data} filter={filter.current} left={last.current} setFilter={setFilter} />
          </>
        )}
        {view === 'matrix' && <MatrixView data={data} />}
      </main>
    </>
  );
}

/** The address is the view's: a skip link must not change it. */
function focusMain(event: MouseEvent): void {
  event.preventDefault();
  document.querySelector<HTMLElement>('#main')?.focus();
}

const [data, page] = [document.querySelector('#data'), document.querySelector('#page')];
if (data !== null && page !== null) render(<Page data={JSON.parse(data.textContent) as PageData} />, page);
