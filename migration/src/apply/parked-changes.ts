import { codeOf, type Direction, isStranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import type { CompiledMapping } from '../mapping/compiled-mapping.ts';
import { rowSpaces } from '../mapping/row-spaces.ts';
import {
  dropDeadLetters,
  dropDeadLettersOfTable,
  listDeadLetters,
  listParked,
  writeDeadLetter,
} from '../replica/dead-letters.ts';
import { eventFromJson, eventToJson } from './event-json.ts';
import { createInterpreter, type Interpreter } from './interpret-event.ts';
import {
  isKeyed,
  type KeyedRowChange,
  keyText,
  type RowChange,
  touchedKeys,
} from './row-change.ts';

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
  const letters = await listParked(client, context, direction);
  const spaces = rowSpaces(mapping);
  const keys = new Set<string>();
  for (const letter of letters) {
    const table = mapping.tables.findIndex(
      ({ monolith }) => `${monolith.schema}.${monolith.table}` === letter.table,
    );
    keys.add(keyText(spaces[table] ?? table, letter.key));
    // a parked change of a key blocks the old key as well
    for (const change of interpret([eventFromJson(letter.event)]))
      if (isKeyed(change)) for (const key of touchedKeys(change, spaces)) keys.add(key);
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
    await writeDeadLetter(client, {
      context,
      direction,
      table: table === undefined ? '' : `${table.monolith.schema}.${table.monolith.table}`,
      key: change.key,
      event: eventToJson(event),
      errorCode: code,
      error: messageOf(error),
    });
  }
}

const truncated = ' (the table was truncated later)';

/** A truncated table leaves nothing that its parked changes could still be about. */
export async function dropParkedOfTable(
  { client, mapping, context, direction }: Parking,
  index: number,
): Promise<void> {
  const table = mapping.tables[index];
  if (table === undefined) return;
  await dropDeadLettersOfTable(
    client,
    { context, direction, table: `${table.monolith.schema}.${table.monolith.table}` },
    truncated,
  );
}

/**
 * As `dropParkedOfTable`, where several mappings share a table: only what came from the table that was truncated.
 * @returns the keys that wait still
 */
export async function dropParkedOfSource(
  parking: Parking,
  truncate: Extract<RowChange, { kind: 'truncate' }>,
): Promise<Set<string>> {
  const { client, mapping, context, direction } = parking;
  const named = truncate.events.map(({ source }) => `${source.schema}.${source.table}`);
  const ids = (await listDeadLetters(client, { context, direction }))
    .filter((letter) => {
      const { source } = eventFromJson(letter.event);
      return named.includes(`${source.schema}.${source.table}`);
    })
    .map(({ id }) => id);
  if (ids.length > 0) await dropDeadLetters(client, ids, truncated);
  return loadParkedKeys(parking, createInterpreter(mapping, direction, { parked: true }));
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
