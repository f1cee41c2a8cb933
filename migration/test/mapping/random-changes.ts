import { codeOf } from '@strangler-toolkit/plan';
import type pg from 'pg';

export type Below = (below: number) => number;

export interface RandomChanges {
  readonly next: Below;
  readonly transactions: number;
  /** One statement. */
  readonly change: (next: Below) => string;
  readonly end?: (next: Below) => 'COMMIT' | 'ROLLBACK';
  /** Whether a refusal with this code is the database's own affair: the transaction is as if it had not been. */
  readonly mayFail: (code: string) => boolean;
}

/** Transactions of one to four changes each, one after the other. */
export async function makeChanges(
  client: pg.Client,
  { next, transactions, change, end = () => 'COMMIT', mayFail }: RandomChanges,
): Promise<void> {
  for (let made = 0; made < transactions; made += 1) {
    const statements = Array.from({ length: 1 + next(4) }, () => change(next));
    const whole = `BEGIN; ${statements.join('; ')}; ${end(next)}`;
    await client.query(whole).catch(async (error: unknown) => {
      if (!mayFail(codeOf(error))) throw error;
      await client.query('ROLLBACK');
    });
  }
}
