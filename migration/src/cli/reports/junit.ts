import { isExcused, isFault } from '../../steps/contracts/required.ts';
import type { ContractsResult } from '../../steps/contracts/verify.ts';

const escape = (text: string): string =>
  text
    // What XML 1.0 cannot carry at all (§2.2): a mismatch may quote any byte of an answer.
    // eslint-disable-next-line no-control-regex
    .replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');

/**
 * JUnit XML: a suite per provider, a case per interaction; what was not verified is an error, what differs a failure, what is not
 * required yet is skipped.
 */
export function junit({ context, sides }: ContractsResult): string {
  const suites = Object.entries(sides).map(([side, { interactions, seconds }]) => {
    const cases = interactions.map((interaction) => {
      const { consumer, description, verdict, mismatch } = interaction;
      const tag = verdict === 'broken' ? 'failure' : 'error';
      const outcome =
        verdict === 'kept'
          ? ''
          : isExcused(interaction)
            ? `<skipped message="${escape(mismatch)}"/>`
            : `<${tag} type="${verdict}" message="${escape(mismatch.split('\n')[0] ?? '')}">${escape(mismatch)}</${tag}>`;
      return `    <testcase classname="${escape(`${context}.${side}.${consumer}`)}" name="${escape(description)}">${outcome}</testcase>`;
    });
    const failures = interactions.filter(({ verdict }) => verdict === 'broken').length;
    const errors = interactions.filter(isFault).length - failures;
    const skipped = interactions.filter(isExcused).length;
    return [
      `  <testsuite name="${escape(`${context} on ${side}`)}" tests="${interactions.length}"` +
        ` failures="${failures}" errors="${errors}"${skipped > 0 ? ` skipped="${skipped}"` : ''} time="${seconds}">`,
      ...cases,
      '  </testsuite>',
    ].join('\n');
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join('\n')}\n</testsuites>\n`;
}
