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

export type Report = (
  check: string,
  ok: boolean,
  expected: string,
  actual: string,
  remedy: string,
) => void;
