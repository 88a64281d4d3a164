// SPDX-License-Identifier: GPL-2.0-only
import { execa } from 'execa';
import { COMMENT_MARKER } from '../harness/report/comment.ts';
import { UserError } from '../harness/text/user-error.ts';
import { readText } from '../harness/text/read-file.ts';
import { EXIT_OK, quote, type Args, type Command } from './cli.ts';

import { print } from './print.ts';

/** Largest file that is taken for a comment, bytes; GitHub takes 64 KiB. */
const MAX_COMMENT_SIZE = 1024 * 1024;

export const stickyComment: Command = {
  usage: '<repository> <number> <file>',
  options: {},
  examples: ['OWNER/NAME 12 report/comment.md'],
  run,
};

/** Whose comments are ours: what a workflow's token writes as. */
const AUTHOR = 'github-actions[bot]';

async function run({ positionals: [repository = '', number = '', file = ''] }: Args): Promise<number> {
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository)) {
    throw new UserError(`${quote(repository)} is no repository: OWNER/NAME`);
  }
  if (!/^\d+$/.test(number)) throw new UserError(`${quote(number)} is no number of a pull request`);
  const body = readText(file, MAX_COMMENT_SIZE);
  if (!body.startsWith(COMMENT_MARKER)) {
    throw new UserError(`${file} does not begin with ${COMMENT_MARKER}; npm run pull-request writes it`);
  }
  const comments = `repos/${repository}/issues/${number}/comments`;
  const mine = `.[] | select(.user.login == "${AUTHOR}" and (.body | startswith("${COMMENT_MARKER}"))) | .id`;
  const found = await gh(['--paginate', comments, '--jq', mine]);
  const [id] = found?.split('\n') ?? [];
  const written =
    id === undefined || id === ''
      ? await gh(['--method', 'POST', comments, '--input', '-'], { body })
      : await gh(['--method', 'PATCH', `repos/${repository}/issues/comments/${id}`, '--input', '-'], {
          body,
        });
  print(written === undefined ? 'no comment: the token may only read\n' : 'commented\n');
  return EXIT_OK;
}

/** What the API answers; undefined: it is not allowed, as for the token of a fork's pull request. */
async function gh(args: readonly string[], input?: object): Promise<string | undefined> {
  const outcome = await execa('gh', ['api', ...args], {
    reject: false,
    input: input === undefined ? '' : JSON.stringify(input),
  });
  if (!outcome.failed) return outcome.stdout;
  const said = outcome.stderr.trim().split('\n').at(-1) ?? '';
  if (/\bHTTP 403\b/.test(said)) return undefined;
  throw new UserError(`gh api failed: ${said === '' ? outcome.shortMessage : said}`);
}
