import { codeOf, type RowCondition, StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { displayTable, quoteTable } from '../database/identifiers.ts';
import { type CompiledMapping, distinctTables } from '../mapping/compiled-mapping.ts';
import { deleteOurs, ourRows } from '../mapping/our-rows.ts';
import { conditionText } from '../mapping/row-condition.ts';
import { type CopyMark, forgetCopied, takeCopyMark } from '../replica/copies.ts';

const whatIsThere = (meant: RowCondition | undefined): string =>
  meant === undefined
    ? 'is not empty'
    : `has rows where ${conditionText(meant)}, which the other side alone may write`;

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
  const both = mapping.tables
    .flatMap(({ parts }) => parts)
    .flatMap(({ service, shared }) =>
      shared?.bothWrite === true ? [{ table: service, meant: shared.where }] : [],
    );
  // of a table that both sides write only our rows go
  const whole = distinctTables(mapping, 'service').filter(
    (table) => !both.some((one) => one.table === table),
  );
  // whoever holds a table for longer must not keep a worker from being stopped
  await client.query(`BEGIN; SET LOCAL lock_timeout = '10s'`);
  try {
    const { interrupted } = await takeCopyMark(client, mark);
    await forgetCopied(client, mark.context);
    if (!restart && !interrupted) {
      for (const { table, meant } of [
        ...whole.map((one) => ({ table: one, meant: undefined })),
        ...both,
      ]) {
        const {
          rows: [filled],
        } = await client.query<{ filled: string }>(
          `SELECT EXISTS (SELECT FROM ${quoteTable(table)} WHERE ${ourRows(meant)}) AS filled`,
        );
        if (filled?.filled === 't')
          throw new StranglerError(
            'TARGET_NOT_EMPTY',
            `Table ${displayTable(table)} of the service ${whatIsThere(meant)}`,
            { details: { table: displayTable(table) } },
          );
      }
    }
    for (const { table, meant } of both) await client.query(deleteOurs(table, meant));
    await client.query('SAVEPOINT truncating');
    try {
      if (whole.length > 0) await client.query(`TRUNCATE ${whole.map(quoteTable).join(', ')}`);
    } catch (error) {
      // A table outside of the mapping refers to one of ours; its references hold again when the rows are back.
      if (codeOf(error) !== '0A000') throw error;
      await client.query('ROLLBACK TO SAVEPOINT truncating');
      for (const table of whole) await client.query(deleteOurs(table, undefined));
    }
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}
