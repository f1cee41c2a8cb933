import { codeOf, type Direction, isStranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import type { CompiledMapping } from '../mapping/compiled-mapping.ts';
import { eventFromJson, eventToJson } from './event-json.ts';
import type { Interpreter } from './interpret-event.ts';
import { isKeyed, type KeyedRowChange, keyText, touchedKeys } from './row-change.ts';

/** Where the changes of one direction that cannot be applied wait for a person. */
export interface Parking {
  readonly client: pg.Client;
  readonly mapping: CompiledMapping;
  readonly context: string;
  readonly direction: Direction;
}

/** Keys with open dead letters: their later changes must wait behind them. */
export async function loadParkedKeys(
  { client, mapping, context, direction }: Parking,
  interpret: Interpreter,
): Promise<Set<string>> {
  const { rows } = await client.query<{ table_name: string; key: string; event: string }>(
    `SELECT table_name, key, event FROM strangler.dead_letters WHERE context = $1 AND direction = $2 AND state = 'open'`,
    [context, direction],
  );
  const keys = new Set<string>();
  for (const row of rows) {
    const table = mapping.tables.findIndex(
      ({ monolith }) => `${monolith.schema}.${monolith.table}` === row.table_name,
    );
    keys.add(keyText(table, JSON.parse(row.key)));
    // a parked change of a key blocks the old key as well
    for (const change of interpret([eventFromJson(row.event)]))
      if (isKeyed(change)) for (const key of touchedKeys(change)) keys.add(key);
  }
  return keys;
}

export async function parkChange(
  { client, mapping, context, direction }: Parking,
  change: KeyedRowChange,
  error: unknown,
): Promise<void> {
  const table = mapping.tables[change.table];
  const code = isStranglerError(error) ? error.code : codeOf(error) || 'INTERNAL';
  for (const event of change.events) {
    await client.query(
      `INSERT INTO strangler.dead_letters (context, direction, table_name, key, event, error_code, error, state)
       VALUES ($1, $2, $3, $4::jsonb, $5::jsonb, $6, $7, 'open')`,
      [
        context,
        direction,
        table === undefined ? '' : `${table.monolith.schema}.${table.monolith.table}`,
        JSON.stringify(change.key),
        eventToJson(event),
        code,
        messageOf(error),
      ],
    );
  }
}

/** A truncated table leaves nothing that its parked changes could still be about. */
export async function dropParkedOfTable(
  { client, mapping, context, direction }: Parking,
  index: number,
): Promise<void> {
  const table = mapping.tables[index];
  if (table === undefined) return;
  await client.query(
    `UPDATE strangler.dead_letters SET state = 'dropped', error = error || ' (the table was truncated later)'
     WHERE context = $1 AND direction = $2 AND table_name = $3 AND state = 'open'`,
    [context, direction, `${table.monolith.schema}.${table.monolith.table}`],
  );
}

/** PostgreSQL's message and detail; both are needed to find the row. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const detail = 'detail' in error && typeof error.detail === 'string' ? ` (${error.detail})` : '';
  return `${error.message}${detail}`;
}

export const behindDeadLetter = Object.assign(
  new Error('waits behind an earlier dead letter of the same key'),
  { code: 'DEAD_LETTERS' },
);
