import { codeOf, StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { displayTable, quoteTable } from '../database/identifiers.ts';
import { type CompiledMapping, distinctTables } from '../mapping/compiled-mapping.ts';
import { type CopyMark, forgetCopied, takeCopyMark } from '../replica/copies.ts';

/**
 * Empties the target where that is safe: it is empty, an earlier copy of ours was interrupted, or the caller says so.
 * The mark that a copy began is committed before its first row, so rows of an interrupted copy are never taken for someone's data.
 * @throws StranglerError TARGET_NOT_EMPTY
 */
export async function prepareTarget(
  client: pg.Client,
  mapping: CompiledMapping,
  mark: CopyMark,
  restart: boolean,
): Promise<void> {
  const tables = distinctTables(mapping, 'service');
  // whoever holds a table for longer must not keep a worker from being stopped
  await client.query(`BEGIN; SET LOCAL lock_timeout = '10s'`);
  try {
    const { interrupted } = await takeCopyMark(client, mark);
    await forgetCopied(client, mark.context);
    if (!restart && !interrupted) {
      for (const table of tables) {
        const {
          rows: [filled],
        } = await client.query<{ filled: string }>(
          `SELECT EXISTS (SELECT FROM ${quoteTable(table)}) AS filled`,
        );
        if (filled?.filled === 't')
          throw new StranglerError(
            'TARGET_NOT_EMPTY',
            `Table ${displayTable(table)} of the service is not empty`,
            { details: { table: displayTable(table) } },
          );
      }
    }
    await client.query('SAVEPOINT truncating');
    try {
      await client.query(`TRUNCATE ${tables.map(quoteTable).join(', ')}`);
    } catch (error) {
      // A table outside of the mapping refers to one of ours; its references hold again when the rows are back.
      if (codeOf(error) !== '0A000') throw error;
      await client.query('ROLLBACK TO SAVEPOINT truncating');
      for (const table of tables) await client.query(`DELETE FROM ${quoteTable(table)}`);
    }
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}
