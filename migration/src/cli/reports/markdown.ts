import type { ContractsResult } from '../../steps/contracts/verify.ts';
import { matrix, verdictOf } from '../text/contracts.ts';

const cell = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('|', '\\|').replaceAll(/\r?\n/g, ' ');

/** A table interaction × provider, and what differed behind a fold: for a job's summary or a comment. */
export function markdown(result: ContractsResult): string {
  const names = Object.keys(result.sides);
  const rows = matrix(result);
  const broken = names.filter((name) => !result.sides[name]?.ok);
  const differing = rows.flatMap(({ description, results }) =>
    results.flatMap((each, index) =>
      each === undefined || each.ok
        ? []
        : [
            `<details><summary>${escapeHtml(description)} on ${names[index]}</summary>`,
            '',
            fenced(each.mismatch),
            '',
            '</details>',
            '',
          ],
    ),
  );
  return [
    `### Pacts of \`${result.context}\`: ${broken.length === 0 ? 'kept' : `not kept on ${broken.join(' and ')}`}`,
    '',
    `| interaction | ${names.join(' | ')} |`,
    `|---|${names.map(() => '---|').join('')}`,
    ...rows.map(
      ({ consumer, description, results }) =>
        `| ${cell(`${consumer}: ${description}`)} | ${results.map(verdictOf).join(' | ')} |`,
    ),
    '',
    ...differing,
  ].join('\n');
}

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** The fence is longer than any in the text, so that an answer cannot end it (CommonMark, fenced code blocks). */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}
