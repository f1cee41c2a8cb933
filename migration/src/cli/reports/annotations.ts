import { createHash } from 'node:crypto';
import { isFault } from '../../steps/contracts/required.ts';
import type { ContractsResult } from '../../steps/contracts/verify.ts';

const failures = ({ sides }: ContractsResult) =>
  Object.entries(sides).flatMap(([side, { interactions }]) =>
    interactions.filter(isFault).map((interaction) => ({ side, ...interaction })),
  );

/** GitHub's workflow commands, one line each; its runner shows them beside the change. */
export const githubAnnotations = (result: ContractsResult): string[] =>
  failures(result).map(({ side, consumer, description, mismatch }) => {
    const data = (text: string): string =>
      text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
    const property = (text: string): string =>
      data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
    const title = property(`${side} breaks a pact of ${consumer}`);
    return `::error title=${title}::${data(`${description}: ${mismatch}`)}`;
  });

/** GitLab's Code Quality report (its documented subset of Code Climate's format). */
export const gitlabReport = (result: ContractsResult, pacts: string): string =>
  JSON.stringify(
    failures(result).map(({ side, consumer, description, verdict, mismatch }) => ({
      description: `${side}: ${consumer}: ${description}: ${mismatch.split('\n')[0] ?? ''}`,
      check_name: `pact-${verdict}`,
      // Of what is asked and not of the answer: the same fault is the same issue in the next run.
      fingerprint: createHash('sha256')
        .update(JSON.stringify([result.context, side, consumer, description]))
        .digest('hex'),
      severity: verdict === 'broken' ? 'critical' : 'major',
      location: { path: pacts, lines: { begin: 1 } },
    })),
    undefined,
    2,
  );
