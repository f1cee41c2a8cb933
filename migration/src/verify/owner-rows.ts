import type { RowCondition, Side } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { quoteIdentifier, quoteTable } from '../database/identifiers.ts';
import { columnsRead, type CompiledTable, termOf } from '../mapping/compiled-mapping.ts';
import { projectBackward, projectForward } from '../mapping/project.ts';
import { conditionSql } from '../mapping/row-condition.ts';
import type { ColumnText } from '../stream/change-event.ts';

export interface OwnerRow {
  /** In the monolith's terms, as the stream would carry it. */
  readonly row: Readonly<Record<string, ColumnText>>;
  /** Changes whenever any part of the row is written. */
  readonly version: string;
}

interface Place {
  readonly table: string;
  readonly columns: readonly string[];
  readonly key: readonly string[];
  readonly keyTypes: readonly string[];
  readonly where?: RowCondition | undefined;
}

async function fetchRow(
  client: pg.Client,
  place: Place,
  key: readonly (string | null)[],
): Promise<{ values: Record<string, ColumnText>; version: string } | null> {
  const where = place.key.map(
    (column, index) =>
      `${quoteIdentifier(column)} = CAST($${index + 1}::text AS ${place.keyTypes[index] ?? 'text'})`,
  );
  if (place.where) where.push(conditionSql(place.where));
  const { rows } = await client.query<Record<string, ColumnText>>(
    `SELECT ${place.columns.map(quoteIdentifier).join(', ')}, xmin AS "strangler version" FROM ${place.table} WHERE ${where.join(' AND ')}`,
    [...key],
  );
  const found = rows[0];
  if (!found) return null;
  const { 'strangler version': version, ...values } = found;
  return { values, version: version ?? '' };
}

/** `null`: the owner has no such row. */
export async function ownerRow(
  client: pg.Client,
  table: CompiledTable,
  side: Side,
  key: readonly string[],
): Promise<OwnerRow | null> {
  const named = Object.fromEntries(table.key.map((column, index) => [column, key[index] ?? null]));
  if (side === 'monolith') {
    const found = await fetchRow(
      client,
      {
        table: quoteTable(table.monolith),
        columns: columnsRead(table),
        key: table.key,
        where: table.where,
        keyTypes: types(table.monolith, table.key),
      },
      key,
    );
    return found && { row: found.values, version: found.version };
  }
  let row: Record<string, ColumnText> = {};
  const versions: string[] = [];
  for (const part of table.parts) {
    const own = projectForward(part, named);
    const found = await fetchRow(
      client,
      {
        table: quoteTable(part.service),
        columns: [...new Set(part.columns.map(({ to }) => to))],
        key: part.key,
        where: part.shared?.where,
        keyTypes: types(part.service, part.key),
      },
      part.key.map((column) => own[column] ?? null),
    );
    if (!found && part === table.parts[0]) return null;
    // A further part that is not there holds no values.
    row = found
      ? { ...row, ...projectBackward(part, found.values) }
      : { ...Object.fromEntries(part.columns.map((link) => [termOf(link), null])), ...row };
    versions.push(found?.version ?? '');
  }
  return { row, version: versions.join() };
}

const types = (
  table: { readonly columns: readonly { readonly name: string; readonly type: string }[] },
  key: readonly string[],
): string[] =>
  key.map((name) => table.columns.find((column) => column.name === name)?.type ?? 'text');
