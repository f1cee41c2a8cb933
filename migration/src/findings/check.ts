import { isStranglerError } from '@strangler-toolkit/plan';

/** One thing that doctor looked at. */
export interface Check {
  readonly context: string | null;
  readonly check: string;
  readonly ok: boolean;
  readonly expected: string;
  readonly actual: string;
  /** Empty when all is right. */
  readonly remedy: string;
}

/** What a look tells of one thing. The remedy is kept when it is not all right. */
export interface Finding {
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
  { check, ok, expected, actual, remedy = '' }: Finding,
): Check => ({ context, check, ok, expected, actual, remedy: ok ? '' : remedy });

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

function failure(error: unknown): Pick<Finding, 'actual' | 'remedy'> {
  if (isStranglerError(error))
    return { actual: `${error.code}: ${error.message}`, remedy: error.remedy };
  return { actual: error instanceof Error ? error.message : String(error) };
}
