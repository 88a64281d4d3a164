// SPDX-License-Identifier: GPL-2.0-only
import { existsSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { COMMENT_LINES, COMMENT_MARKER, NOTHING_COMPARED } from '../harness/report/comment.ts';
import { UserError } from '../harness/text/user-error.ts';
import { readText } from '../harness/text/read-file.ts';
import { EXIT_OK, quote, type Args, type Command } from './cli.ts';
import { print } from './print.ts';

/** What GitHub takes for a comment, bytes. */
const MAX_COMMENT_SIZE = 64 * 1024;
/** A number and its line end, bytes. */
const MAX_NUMBER_SIZE = 32;

export const stickyComment: Command = {
  usage: '<repository> <folder>',
  options: {
    head: { type: 'string', value: 'OWNER/NAME', help: 'the repository that the folder was made from' },
    sha: { type: 'string', value: 'SHA', help: 'the commit of it' },
  },
  examples: ['OWNER/NAME report/ --head FORK/NAME --sha 0123456789abcdef0123456789abcdef01234567'],
  about: `The folder has comment.md, as pull-request writes it, and number, the pull request that it says it is
about. Neither is trusted: the comment is written only to a pull request that is open and whose newest commit is
that one of that repository, and says that the code of that commit has made it. One that says that nothing has
changed replaces another and is never the first.`,
  run,
};

/** Whose comments are ours: what a workflow's token writes as. */
const AUTHOR = 'github-actions[bot]';

async function run(args: Args): Promise<number> {
  const [repository = '', folder = ''] = args.positionals;
  const head = repositoryNamed(args.text('head') ?? '', 'the repository of --head');
  const sha = args.text('sha') ?? '';
  if (!/^[0-9a-f]{40}$/.test(sha)) throw new UserError(`--sha ${quote(sha)} is no commit: 40 hex digits`);
  const base = repositoryNamed(repository, 'a repository');
  const file = join(folder, 'comment.md');
  if (!existsSync(file)) return said('no comment: the run has left none');
  const comment = commentIn(file);
  const number = numberIn(join(folder, 'number'));
  const refusal = await whyNot(`repos/${base}/pulls/${number}`, head, sha);
  if (refusal !== undefined) return said(`no comment on ${number}: ${refusal}`);
  const comments = `repos/${base}/issues/${number}/comments`;
  const mine = `.[] | select(.user.login == "${AUTHOR}" and (.body | startswith("${COMMENT_MARKER}"))) | .id`;
  const [id = ''] = (await gh(['--paginate', comments, '--jq', mine])).split('\n');
  if (id === '' && comment === NOTHING_COMPARED) return said('no comment: nothing to say');
  const body = `${comment.trimEnd()}\n\nMade by the code of \`${head}\` at ${sha}.\n`;
  const target = id === '' ? ['POST', comments] : ['PATCH', `repos/${base}/issues/comments/${id}`];
  await gh(['--method', ...target, '--input', '-'], { body });
  return said('commented');
}

function said(line: string): number {
  print(`${line}\n`);
  return EXIT_OK;
}

function repositoryNamed(value: string, what: string): string {
  if (/^[\w.-]+\/[\w.-]+$/.test(value)) return value;
  throw new UserError(`${quote(value)} is not ${what}: OWNER/NAME`);
}

/** The text of the file; UserError when pull-request cannot have written it. */
function commentIn(file: string): string {
  const text = untrusted(file, MAX_COMMENT_SIZE);
  if (!text.startsWith(COMMENT_MARKER)) {
    throw new UserError(`${file} does not begin with ${COMMENT_MARKER}; npm run pull-request writes it`);
  }
  // A blank line and who has made it come on top.
  if (text.trimEnd().split('\n').length + 2 > COMMENT_LINES) {
    throw new UserError(`${file} has more lines than the ${COMMENT_LINES - 2} that pull-request writes`);
  }
  return text;
}

function numberIn(file: string): string {
  const number = untrusted(file, MAX_NUMBER_SIZE).trim();
  if (/^[1-9]\d{0,9}$/.test(number)) return number;
  throw new UserError(`${file}: ${quote(number)} is no number of a pull request`);
}

/** A file of somebody else's; UserError for a link, which may lead to anything. */
function untrusted(file: string, maxSize: number): string {
  if (lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() === true) {
    throw new UserError(`${file}: a link`);
  }
  return readText(file, maxSize);
}

/** Why the pull request gets no comment on that commit; undefined: it is open, and has it for its newest. */
async function whyNot(pull: string, repository: string, sha: string): Promise<string | undefined> {
  const told = await gh([pull, '--jq', '[.state, .head.repo.full_name // "", .head.sha] | join(" ")']);
  const [state, from = '', newest = ''] = told.trimEnd().split(' ');
  if (state !== 'open') return 'it is closed';
  if (from !== repository) return `it comes from ${quote(from)}, not from ${quote(repository)}`;
  return newest === sha ? undefined : `its newest commit is ${quote(newest)}, not ${sha}`;
}

/** What the API answers; UserError when it does not do that. */
async function gh(args: readonly string[], input?: object): Promise<string> {
  const outcome = await execa('gh', ['api', ...args], {
    reject: false,
    input: input === undefined ? '' : JSON.stringify(input),
  });
  if (!outcome.failed) return outcome.stdout;
  const reason = outcome.stderr.trim().split('\n').at(-1) ?? '';
  throw new UserError(`gh api failed: ${reason === '' ? outcome.shortMessage : reason}`);
}
