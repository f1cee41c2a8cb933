import type { Answer, Failure } from './failure.ts';

const escaped = (text: string): string => text.replaceAll('|', String.raw`\|`).trim();
const code = (text: string): string => `\`${escaped(text)}\``;

function answerText(answer: Answer): string {
  if ('ask' in answer) {
    const { ask, at, status, says } = answer;
    const of = at ? `${code(ask)} at the ${at} itself` : code(ask);
    return `${of}: ${status}${answer.code === null ? '' : ` ${code(answer.code)}`}, ${code(says)}`;
  }
  const begun = 'type' in answer ? answer.type : answer.start;
  return `${code(`$ ${begun}`)}: exit ${answer.exit}${answer.code === null ? '' : `, ${code(answer.code)}`}, ${code(answer.says)}`;
}

function statusText({ status }: Failure): string {
  if ('fails' in status) return `exit ${status.exit}, ${code(status.fails)}`;
  return status.length === 0 ? 'as before' : status.map(code).join(' ');
}

function doctorText({ doctor }: Failure): string {
  if ('fails' in doctor) return `exit ${doctor.exit}, ${code(doctor.fails)}`;
  return doctor.length === 0
    ? 'all is right'
    : doctor.map(({ check, actual }) => code(`${check}: ${actual}`)).join(' ');
}

/** Tables of a document; a cell for each of the five questions that somebody has at night. */
export const provokedTable = (failures: readonly Failure[]): string[][] => [
  ['what happened', 'what is answered', '`strangler status`', '`strangler doctor`', 'do'],
  ...failures.map((failure) => [
    failure.name,
    answerText(failure.answer),
    statusText(failure),
    doctorText(failure),
    failure.todo,
  ]),
];

export const markdown = ([head = [], ...rows]: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** Cells of the tables of a document, whatever its formatter did to their width. */
export const tablesIn = (text: string): string[][][] =>
  [...text.matchAll(/(?:^\|.*\|\n?)+/gm)].map(([table]) =>
    table
      .trim()
      .split('\n')
      .filter((line) => !/^[|\s-]+$/.test(line))
      .map((line) =>
        line
          .split(/(?<!\\)\|/)
          .slice(1, -1)
          .map((cell) => cell.trim()),
      ),
  );
