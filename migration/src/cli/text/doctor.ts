import type { Check } from '../../findings/check.ts';
import type { Terminal } from '../terminal.ts';

/** What is wrong and how to mend it; with `all`, what is right, too. */
export function doctorText(
  checks: readonly Check[],
  all: boolean,
  terminal: Pick<Terminal, 'style'>,
): string {
  const right = checks.filter((check) => check.ok);
  const lines = checks
    .filter((check) => all || !check.ok)
    .flatMap((check) => [
      `${check.ok ? terminal.style('green', '✓') : terminal.style('red', '✗')} ${check.context ? `${check.context}: ` : ''}${check.check}`,
      ...(check.ok
        ? [`    ${check.actual}`]
        : [
            `    expected: ${check.expected}`,
            `    actual:   ${check.actual}`,
            `    remedy:   ${check.remedy}`,
          ]),
    ]);
  return [...lines, `${right.length} of ${checks.length} checks are right`].join('\n');
}
