// SPDX-License-Identifier: GPL-2.0-only
/** The report: the verdict, sums, costs, the list of findings, claims, and what it rests on. */
import type { VNode } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import { KIND_WORDS, PAGE_KINDS, type PageKind } from '../kinds.ts';
import type { PageCost, PageData, PageFinding, PageSum, Words } from '../page-data.ts';
import { DEFAULT_FILTER, findingHash, reportHash, type Filter } from './route.ts';
import { PatchLink, Sentence } from './words.tsx';

interface Props {
  readonly data: PageData;
  readonly filter: Filter;
  /** The finding that was left for the list; it has the focus. */
  readonly left: string | undefined;
  readonly setFilter: (filter: Filter) => void;
}

export function ReportView({ data, filter, left, setFilter }: Props): VNode {
  const { from, to } = data;
  return (
    <section aria-label="Report">
      <h1>
        <Sentence words={data.verdict} />
      </h1>
      <p class="sub">
        From <span class="m">{from.id}</span> ({from.about}) to <span class="m">{to.id}</span> ({to.about}).
      </p>
      {data.notes.map((note) => (
        <p class="sub">
          <Sentence words={note} />
        </p>
      ))}
      <Sums sums={data.sums} />
      <Costs data={data} />
      <Findings data={data} filter={filter} left={left} setFilter={setFilter} />
      <Claims data={data} />
      <NotJudged lines={data.notJudged} />
      <h2>What this rests on</h2>
      <ul class="rests">
        {data.rests.map((line) => (
          <li>
            <Sentence words={line} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function NotJudged({ lines: [lead, ...reasons] }: { readonly lines: readonly Words[] }): VNode | null {
  if (lead === undefined) return null;
  return (
    <>
      <h2>Not judged</h2>
      <p class="sub">
        <Sentence words={lead} />
      </p>
      <ul class="rests">
        {reasons.map((reason) => (
          <li>
            <Sentence words={reason} />
          </li>
        ))}
      </ul>
    </>
  );
}

function Sums({ sums }: { readonly sums: readonly PageSum[] }): VNode {
  return (
    <table class="sums">
      <caption class="sr">Counts, each with its parts</caption>
      <tbody>
        {sums.map(({ total, unit, parts }) => (
          <tr>
            <td class="n">{total}</td>
            <th scope="row">{unit}</th>
            <td class="eq">=</td>
            <td>
              {parts
                .filter(({ count }) => count > 0)
                .map(({ count, words, isBad, kind }) => (
                  <span class={`part${isBad ? ' bad' : ''}`}>
                    <b>{count}</b>{' '}
                    {kind === null ? (
                      words
                    ) : (
                      <a href={reportHash({ ...DEFAULT_FILTER, kinds: [kind] })}>{words}</a>
                    )}
                  </span>
                ))}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Costs that are shown at first: what whole operations cost more or less comes before the rest. */
const FIRST_COSTS = 6;

function Costs({ data: { costs, from, to } }: { readonly data: PageData }): VNode {
  const [all, setAll] = useState(false);
  const differing = costs.filter(({ differs }) => differs);
  const shown = all ? costs : differing.slice(0, FIRST_COSTS);
  return (
    <>
      <h2>What one operation costs</h2>
      {shown.length === 0 ? (
        <p class="sub">No operation costs more or less.</p>
      ) : (
        <div class="wide-table">
          <table class="t ops">
            <thead>
              <tr>
                <th>operation</th>
                <th>when</th>
                <th>cost</th>
                <th class="r">{from.id}</th>
                <th class="r">{to.id}</th>
                <th class="r">operations</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((cost) => (
                <CostRow cost={cost} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {costs.length > shown.length || all ? (
        <p class="sub">
          <button type="button" class="link" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? 'Fewer' : `Show all ${costs.length} kinds of costs`}
          </button>{' '}
          {differing.length} differ. Means over the operations that worked on both sides, with the least and
          the most.
        </p>
      ) : null}
    </>
  );
}

function CostRow({ cost }: { readonly cost: PageCost }): VNode {
  const { operation, where, title, old, now, operations, differs } = cost;
  return (
    <tr>
      <td class="m">{operation}</td>
      <td class="where">{where}</td>
      <td>{title}</td>
      <td class={`v ${differs ? 'ch' : 'eq'}`}>{old}</td>
      <td class={`v ${differs ? 'ch' : 'eq'}`}>{now}</td>
      <td class="r m">{operations}</td>
    </tr>
  );
}

/** The findings that the filter lets through, in the order of the page. */
export function filtered({ findings }: PageData, { kinds, clause, patch }: Filter): readonly PageFinding[] {
  return findings.filter(
    (finding) =>
      kinds.includes(finding.kind) &&
      (clause === '' || finding.clause === clause) &&
      (patch === '' || finding.patches.some(({ id }) => id === patch)),
  );
}

function Findings({ data, filter, left, setFilter }: Props): VNode {
  const shown = filtered(data, filter);
  const clauses = [...new Set(data.findings.map(({ clause }) => clause))];
  const patches = [
    ...new Set(data.findings.flatMap((finding) => finding.patches.map(({ id }) => id))),
  ].toSorted();
  const toggle = (kind: PageKind): void => {
    const has = filter.kinds.includes(kind);
    const kinds = has ? filter.kinds.filter((one) => one !== kind) : [...filter.kinds, kind];
    setFilter({ ...filter, kinds });
  };
  useLayoutEffect(() => {
    const link =
      left === undefined ? null : document.querySelector<HTMLElement>(`[data-finding="${CSS.escape(left)}"]`);
    link?.focus({ preventScroll: true });
    link?.scrollIntoView({ block: 'center' });
  }, [left]);
  return (
    <>
      <h2 id="findings">Findings</h2>
      <div class="filters" role="group" aria-label="Filters">
        {PAGE_KINDS.filter((kind) => data.findings.some((finding) => finding.kind === kind)).map((kind) => (
          <label class="chip">
            <input type="checkbox" checked={filter.kinds.includes(kind)} onChange={() => toggle(kind)} />
            <span>{KIND_WORDS[kind]}</span>{' '}
            <b>{data.findings.filter((finding) => finding.kind === kind).length}</b>
          </label>
        ))}
        <Choice
          label="clause"
          values={clauses}
          value={filter.clause}
          choose={(clause) => setFilter({ ...filter, clause })}
        />
        <Choice
          label="patch"
          values={patches}
          value={filter.patch}
          choose={(patch) => setFilter({ ...filter, patch })}
        />
        <span class="sub" role="status">
          {shown.length} of {data.findings.length}
        </span>
      </div>
      {shown.length === 0 ? (
        <p class="none">
          {data.findings.length === 0 ? 'No clause is broken on either side.' : 'No finding matches. '}
          {data.findings.length > 0 && <a href="#report">Clear the filters</a>}
        </p>
      ) : (
        <table class="t list">
          <caption class="sr">Findings, worst first</caption>
          <thead>
            <tr>
              <th class="k">kind</th>
              <th class="cl">clause: cause</th>
              <th>what happens</th>
              <th class="p">patch</th>
              <th class="c r">cases</th>
              <th class="sc">smallest case</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((finding) => (
              <FindingRow finding={finding} />
            ))}
          </tbody>
        </table>
      )}
      <p class="sub note">
        “without”: a patch of {data.from.id} does it, and its counterpart in {data.to.id} does not. Inherited:
        what the series stands on breaks it for the same bytes and the same cause.
      </p>
    </>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly values: readonly string[];
  readonly value: string;
  readonly choose: (value: string) => void;
}

function Choice({ label, values, value, choose }: ChoiceProps): VNode {
  return (
    <label>
      {label}{' '}
      <select value={value} onChange={(event) => choose(event.currentTarget.value)}>
        <option value="">all</option>
        {values.map((one) => (
          <option value={one}>{one}</option>
        ))}
      </select>
    </label>
  );
}

function FindingRow({ finding }: { readonly finding: PageFinding }): VNode {
  const { id, kind, clause, cause, causeWords, patches, count, cases } = finding;
  const open = (event: MouseEvent): void => {
    const isLink = event.target instanceof Element && event.target.closest('a') !== null;
    if (!isLink && String(getSelection()) === '') location.hash = findingHash(id);
  };
  return (
    <tr class="f" onClick={open}>
      <td class="k">
        <span class={`kind ${kind}`}>{KIND_WORDS[kind]}</span>
      </td>
      <td class="cl">
        <a href={findingHash(id)} data-finding={id}>
          <b>{clause}</b>: {cause}
        </a>
      </td>
      <td>{causeWords}</td>
      <td class="p m">
        {patches.map((patch) => `${patch.isTakenBack ? 'without ' : ''}${patch.id}`).join(', ')}
      </td>
      <td class="c r m">{count}</td>
      <td class="sc" title={cases[0]}>
        {cases[0]}
      </td>
    </tr>
  );
}

function Claims({ data: { claims, patches } }: { readonly data: PageData }): VNode | null {
  if (claims.length === 0) return null;
  return (
    <>
      <h2>Changelogs against measurement</h2>
      <table class="t claims">
        <thead>
          <tr>
            <th class="p">patch</th>
            <th>claim</th>
            <th class="s">measured</th>
            <th class="r c">for</th>
            <th class="r c">against</th>
          </tr>
        </thead>
        <tbody>
          {claims.map(({ patch, text, status, shown, contradicted }, index) => (
            <tr>
              <td class="m">
                {claims[index - 1]?.patch === patch ? '' : <PatchLink id={patch} posted={patches} />}
              </td>
              <td>{text}</td>
              <td class={status === 'contradicted' ? 'kind regressed' : 'sub'}>{status}</td>
              <td class="r m">{shown === 0 ? '·' : shown}</td>
              <td class="r m">{contradicted === 0 ? '·' : contradicted}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
