// SPDX-License-Identifier: GPL-2.0-only
/** Below a finding's traces: the code, where it comes from, how to run it again, and a mail about it. */
import type { VNode } from 'preact';
import type { PageData, PageFinding } from '../page-data.ts';
import { copyText } from './copy.ts';
import { PatchLink, Sentence } from './words.tsx';

export function Below({ data, finding }: { readonly data: PageData; readonly finding: PageFinding }): VNode {
  const { clause, cases, count, code, reply, patches } = finding;
  const about = data.clauses.find(({ id }) => id === clause);
  const shown = data.cases[finding.at];
  const command = `${data.command} --clause ${clause} \\\n  --scenario '${cases[0] ?? ''}'`;
  return (
    <div class="below">
      <div>
        <h2>The code</h2>
        {code.length === 0 && <p class="sub">No function that ran here differs between the two states.</p>}
        {code.map(({ title, link, lines }) => (
          <>
            <p class="m sub">{link === null ? title : <Sentence words={[{ link: title, to: link }]} />}</p>
            <pre class="diff" tabIndex={0} aria-label={title}>
              {lines.map((line) => (
                <span
                  class={
                    line.startsWith('+') ? 'a' : line.startsWith('-') ? 'x' : line.startsWith('@@') ? 'h' : ''
                  }
                >
                  {line === '' ? ' ' : line}
                </span>
              ))}
            </pre>
          </>
        ))}
        {patches.map(({ id }) => (
          <p class="sub">
            <PatchLink id={id} posted={data.patches} /> “{data.patches.find((one) => one.id === id)?.subject}”
          </p>
        ))}
      </div>
      <div>
        <h2>Where it comes from</h2>
        <dl class="kv">
          <dt>clause</dt>
          <dd>
            {clause}: {about?.promise}. {about?.why}
          </dd>
          <dt>{count === 1 ? 'case' : 'cases'}</dt>
          <dd>
            {cases.map((id) => (
              <div>
                <code>{id}</code>
              </div>
            ))}
            {count > cases.length && <div>and {count - cases.length} more</div>}
          </dd>
          {shown !== undefined && shown.refs.length > 0 && (
            <>
              <dt>see</dt>
              <dd>
                {shown.refs.map((ref) => (
                  <Reference name={ref} />
                ))}
              </dd>
            </>
          )}
        </dl>
        <h2>Replay</h2>
        <div class="cmd">
          <code>{command}</code>
          <button type="button" onClick={(event) => void copyText(command, event.currentTarget)}>
            Copy
          </button>
        </div>
        {reply.length > 0 && (
          <>
            <h2>
              Reply{' '}
              <button
                type="button"
                id="copy-reply"
                onClick={(event) => void copyText(reply.join('\n'), event.currentTarget)}
              >
                Copy as reply (c)
              </button>
            </h2>
            <pre class="reply" tabIndex={0} aria-label="Text of the reply">
              {reply.join('\n')}
            </pre>
          </>
        )}
      </div>
    </div>
  );
}

/** A Message-Id leads to its mail. */
function Reference({ name }: { readonly name: string }): VNode {
  const isMail = /^[^\s@/]+@[^\s@/]+$/.test(name);
  return (
    <div>
      {isMail ? <Sentence words={[{ link: name, to: `https://lore.kernel.org/r/${name}` }]} /> : name}
    </div>
  );
}
