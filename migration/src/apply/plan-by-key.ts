import type pg from 'pg';
import { deleteStatement } from './write-statements.ts';
import type { WriteTarget } from './write-target.ts';

const otherWays = ['enable_seqscan', 'enable_bitmapscan', 'enable_hashjoin', 'enable_mergejoin'];

/**
 * Settings of a session that runs the write statements. A plan made while the table was small (or for a batch that is large beside
 * it) reads the whole table for every batch, however large it grows: each row is looked up by its key instead, in one plan.
 */
export async function planByKey(client: pg.Client, targets: readonly WriteTarget[]): Promise<void> {
  await client.query('SET plan_cache_mode = force_generic_plan');
  await client.query(otherWays.map((name) => `SET ${name} = off`).join('; '));
  for (const target of targets) {
    if (target.unique && (await looksUpByKey(client, target))) continue;
    await client.query(otherWays.map((name) => `RESET ${name}`).join('; '));
    return;
  }
}

/** The key's index is of no use where "=" does not mean what the index means by it: a type's operators may lie outside the search path. */
async function looksUpByKey(client: pg.Client, target: WriteTarget): Promise<boolean> {
  try {
    const { rows } = await client.query<Record<'QUERY PLAN', string>>({
      text: `EXPLAIN ${deleteStatement(target)}`,
      values: target.key.map(() => '{}'),
    });
    return !rows.some((row) => row['QUERY PLAN'].includes('Seq Scan'));
  } catch {
    // whoever writes the table finds out what is wrong with it
    return false;
  }
}
