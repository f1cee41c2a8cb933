import { type Direction, StranglerError, targetOf } from '@strangler-toolkit/plan';
import type { CompiledMapping } from '../mapping/compiled-mapping.ts';
import { sharesTables } from '../mapping/row-spaces.ts';
import type { ChangeEvent, Row } from '../stream/change-event.ts';
import { type EncodedRow, encodedValue } from '../stream/encoded-row.ts';
import { foldParts } from './collapse.ts';
import { deletesFirst } from './deletes-first.ts';
import { forwardSource, reverseSource, type Source } from './mapped-source.ts';
import type { LogicalRow, Put, RowChange } from './row-change.ts';
import { enteredInPart, passageOf } from './row-passage.ts';
import { isStray, strayOf } from './stray-rows.ts';

export type Interpreter = (events: readonly ChangeEvent[]) => RowChange[];

/**
 * Events of the source's tables → changes of the monolith's rows. Events of tables that are not mapped are left out.
 * `parked`: events that waited may have the shape of an earlier mapping; their rows are known by their keys, and invalid.
 * @throws StranglerError SCHEMA_CHANGED when an inserted row lacks a mapped column
 */
export function createInterpreter(
  mapping: CompiledMapping,
  direction: Direction,
  { parked = false }: { readonly parked?: boolean } = {},
): Interpreter {
  const sources = new Map<string, Source[]>();
  const add = (source: Source): void => {
    const known = sources.get(source.name);
    if (known === undefined) sources.set(source.name, [source]);
    else known.push(source);
  };
  mapping.tables.forEach((table, index) => {
    if (direction === 'forward') add(forwardSource(table, index));
    else
      table.parts.forEach((part, partIndex) =>
        add(reverseSource(table, index, part, partIndex === 0)),
      );
  });
  const meeting = sharesTables(mapping, targetOf(direction));
  const split = direction === 'reverse' && mapping.tables.some((table) => table.parts.length > 1);
  return (events) => {
    const changes: RowChange[] = [];
    let schema: string | null = null;
    let name: string | null = null;
    let found: readonly Source[] = [];
    for (const event of events) {
      const from = event.source;
      // neighbours are mostly of one table
      if (from.table !== name || from.schema !== schema) {
        ({ schema, table: name } = from);
        found = sources.get(`${schema}.${name}`) ?? [];
      }
      const [first] = found;
      // most rows are never looked into: not before somebody has to
      if (first?.strays === true && isStray(found, event))
        changes.push(strayOf(first, event, knownKey(first, { ...event.before, ...event.after })));
      else for (const source of found) interpret(source, event, { changes, parked });
    }
    if (!split && !meeting) return changes;
    const folded = foldParts(withoutNeedlessClears(changes));
    return meeting ? deletesFirst(folded) : folded;
  };
}

/**
 * One TRUNCATE of several parts empties the table, in whichever order it names them: clearing columns first would fail where
 * the monolith demands a value. A part that holds nothing but the key has nothing to clear.
 */
function withoutNeedlessClears(changes: readonly RowChange[]): RowChange[] {
  return changes.filter((change, index) => {
    if (change.kind !== 'clear') return true;
    if (change.columns.length === 0) return false;
    for (const later of changes.slice(index + 1)) {
      if (
        (later.kind !== 'clear' && later.kind !== 'truncate') ||
        later.transaction !== change.transaction
      )
        return true;
      if (later.kind === 'truncate' && later.table === change.table) return false;
    }
    return true;
  });
}

function interpret(
  source: Source,
  event: ChangeEvent,
  { changes, parked }: { readonly changes: RowChange[]; readonly parked: boolean },
): void {
  const { table } = source;
  const transaction = event.position.commitLsn;
  const events = [event];
  if (event.op === 't') {
    if (source.first) changes.push({ table, transaction, events, kind: 'truncate' });
    else
      changes.push({
        table,
        transaction,
        events,
        kind: 'clear',
        columns: source.columns.filter((column) => !source.key.includes(column)),
      });
    return;
  }
  try {
    interpretRow(source, event, events, changes);
  } catch (error) {
    if (!parked && error instanceof StranglerError && error.code === 'SCHEMA_CHANGED') throw error;
    // later changes of this row wait behind this one, so it must be known by the keys that they have
    const key = knownKey(source, { ...event.before, ...event.after });
    const oldKey = knownKey(source, { ...event.after, ...event.before });
    const moved = source.key.some((column) => oldKey[column] !== key[column]);
    changes.push({
      table,
      transaction,
      events,
      kind: 'invalid',
      key,
      ...(moved && { oldKey }),
      error: error instanceof Error ? error : new Error(String(error)),
    });
  }
}

function interpretRow(
  source: Source,
  event: ChangeEvent,
  events: readonly ChangeEvent[],
  changes: RowChange[],
): void {
  const { table } = source;
  const transaction = event.position.commitLsn;
  const passage = source.where === undefined ? 'inside' : passageOf(source.where, event);
  if (passage === 'outside') return;
  if (passage === 'leaves') {
    const key = keyOf(source, source.projectKey({ ...event.after, ...event.before }));
    changes.push({ table, transaction, events, kind: 'delete', key });
    return;
  }
  if (event.op === 'd') {
    const key = keyOf(source, source.projectKey(event.before ?? {}));
    if (source.first) changes.push({ table, transaction, events, kind: 'delete', key });
    else
      changes.push({
        table,
        transaction,
        events,
        kind: 'patch',
        key,
        row: { ...emptied(source), ...key },
        lenient: true,
      });
    return;
  }
  if (event.op === 'c') {
    const { encoded } = event;
    const keys = encoded === undefined ? null : source.keysIn(encoded.columns);
    if (encoded !== undefined && keys !== null) {
      changes.push(
        new EncodedPut(table, transaction, events, encodedKey(source, keys, encoded), encoded),
      );
      return;
    }
  }
  // with REPLICA IDENTITY FULL the old row holds what an unchanged TOAST value leaves out
  const row = source.project(
    event.before === null ? (event.after ?? {}) : { ...event.before, ...event.after },
  );
  const complete = holds(row, source.columns);
  const key = keyOf(source, row);
  if (event.op !== 'u') {
    if (!complete) throw lacksColumn(source, row);
    if (source.first)
      changes.push({
        table,
        transaction,
        events,
        kind: 'put',
        key,
        row,
        fresh: false,
        created: event.op === 'c',
      });
    else changes.push({ table, transaction, events, kind: 'patch', key, row, lenient: false });
    return;
  }
  if (passage === 'enters') {
    if (!complete)
      throw enteredInPart(source.columns.filter((column) => row[column] === undefined));
    changes.push({ table, transaction, events, kind: 'put', key, row, fresh: false });
    return;
  }
  const oldKey =
    event.before === null ? key : keyOf(source, { ...key, ...source.projectKey(event.before) });
  if (source.key.some((column) => oldKey[column] !== key[column])) {
    if (source.first)
      changes.push({
        table,
        transaction,
        events,
        kind: 'rekey',
        key,
        oldKey,
        row,
        complete: complete && source.whole,
      });
    else {
      changes.push({
        table,
        transaction,
        events,
        kind: 'patch',
        key: oldKey,
        row: { ...emptied(source), ...oldKey },
        lenient: true,
      });
      changes.push({ table, transaction, events, kind: 'patch', key, row, lenient: false });
    }
  } else if (complete && source.first && source.whole)
    changes.push({ table, transaction, events, kind: 'put', key, row, fresh: false });
  else changes.push({ table, transaction, events, kind: 'patch', key, row, lenient: false });
}

/** A row that was made: read only where somebody must look into it, which is hardly ever. */
class EncodedPut implements Put {
  readonly kind = 'put';
  readonly fresh = false;
  readonly created = true;
  readonly table: number;
  readonly transaction: bigint;
  readonly events: readonly ChangeEvent[];
  readonly key: LogicalRow;
  readonly encoded: EncodedRow;

  // Once per row: an object to name its parameters would be one more for the garbage collector.
  // oxlint-disable-next-line max-params
  constructor(
    table: number,
    transaction: bigint,
    events: readonly ChangeEvent[],
    key: LogicalRow,
    encoded: EncodedRow,
  ) {
    this.table = table;
    this.transaction = transaction;
    this.events = events;
    this.key = key;
    this.encoded = encoded;
  }

  get row(): LogicalRow {
    return this.events[0]?.after ?? {};
  }
}

function encodedKey(
  { key: names }: Source,
  columns: readonly number[],
  encoded: EncodedRow,
): LogicalRow {
  const key: Record<string, string | null> = {};
  names.forEach((name, index) => {
    key[name] = encodedValue(encoded, columns[index] ?? 0);
  });
  return key;
}

function holds(row: Row, columns: readonly string[]): boolean {
  for (const column of columns) if (row[column] === undefined) return false;
  return true;
}

const emptied = (source: Source): Record<string, null> =>
  Object.fromEntries(source.columns.map((column): [string, null] => [column, null]));

function keyOf(source: Source, row: LogicalRow): LogicalRow {
  const key: Record<string, string | null> = {};
  for (const column of source.key) {
    const value = row[column];
    if (value === undefined) throw lacksColumn(source, row);
    key[column] = value;
  }
  return key;
}

function knownKey(source: Source, row: Row): LogicalRow {
  const known = source.keyOnly(row);
  return Object.fromEntries(
    source.key.map((column): [string, string | null] => [column, known[column] ?? null]),
  );
}

function lacksColumn(source: Source, row: LogicalRow): StranglerError {
  const missing = source.columns.filter((column) => row[column] === undefined);
  return new StranglerError(
    'SCHEMA_CHANGED',
    `${source.line}: changes of ${source.name} no longer carry ${missing.join(', ')}`,
    {
      details: { table: source.name, columns: missing },
    },
  );
}
