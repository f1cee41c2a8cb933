import { codeOf, isStranglerError } from '@strangler-toolkit/plan';
import { type FindingKind, kindOf } from './kinds.ts';

/** One thing that doctor looked at. */
export interface Check {
  readonly context: string | null;
  /** What it was looked at for, where that is something of the databases. */
  readonly kind?: FindingKind;
  readonly check: string;
  readonly ok: boolean;
  readonly expected: string;
  readonly actual: string;
  /** Empty when all is right. */
  readonly remedy: string;
}

/** What a look tells of one thing. The remedy is kept when it is not all right. */
export interface Finding {
  readonly kind?: FindingKind;
  readonly check: string;
  readonly ok: boolean;
  readonly expected: string;
  readonly actual: string;
  readonly remedy?: string;
}

export type Report = (finding: Finding) => void;

/** A check of a context, or of what all contexts share. */
export const checked = (
  context: string | null,
  { kind, check, ok, expected, actual, remedy = '' }: Finding,
): Check => ({
  context,
  ...(kind !== undefined && { kind }),
  check,
  ok,
  expected,
  actual,
  remedy: ok ? '' : remedy,
});

/** Reports what `work` answers, or why it failed and what to do about it. `false` when it failed. */
export async function reportAnswer(
  report: Report,
  check: string,
  expected: string,
  work: () => Promise<string>,
): Promise<boolean> {
  try {
    report({ check, ok: true, expected, actual: await work() });
    return true;
  } catch (error) {
    report({ check, ok: false, expected, ...failure(error) });
    return false;
  }
}

/** The same for work that answers nothing: what was expected is so, when it does not fail. */
export const reportAttempt = (
  report: Report,
  check: string,
  expected: string,
  work: () => Promise<unknown>,
): Promise<boolean> =>
  reportAnswer(report, check, expected, async () => {
    await work();
    return expected;
  });

/** An error as a finding tells it. */
export function failure(error: unknown): Pick<Finding, 'kind' | 'actual' | 'remedy'> {
  if (isStranglerError(error)) {
    const kind = kindOf(error);
    const told = { actual: `${error.code}: ${error.message}`, remedy: error.remedy };
    return kind === undefined ? told : { kind, ...told };
  }
  const actual = error instanceof Error ? error.message : String(error);
  // insufficient_privilege
  if (codeOf(error) !== '42501') return { actual };
  return {
    actual: `DB_PRIVILEGE: ${actual}`,
    remedy:
      'Look with the role that the worker uses, or GRANT what is named to the role of the database URL.',
  };
}
