import { type RowCondition, StranglerError } from '@strangler-toolkit/plan';
import type { ColumnCatalog, TableCatalog } from '../database/catalog.ts';
import type { FindingKind } from '../findings/kinds.ts';
import { findColumn } from './compile-column.ts';
import { tableName } from './compiled-mapping.ts';
import { parseType } from './type-compatibility.ts';

interface ConditionPlace {
  readonly monolith: TableCatalog;
  readonly key: readonly string[];
  readonly line: string;
  /** Of the line (default where). */
  readonly field?: 'where' | 'constants';
}

/** Values of these types are equal just when their texts are. */
const written: Readonly<Record<string, (text: string) => string | null>> = {
  smallint: (text) => wholeNumber(text, 15n),
  integer: (text) => wholeNumber(text, 31n),
  bigint: (text) => wholeNumber(text, 63n),
  boolean: (text) => ({ t: 't', true: 't', f: 'f', false: 'f' })[text] ?? null,
  uuid: (text) => (/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(text) ? text : null),
  text: (text) => text,
  'character varying': (text) => text,
};

function wholeNumber(text: string, bits: bigint): string | null {
  if (!/^(0|-?[1-9]\d{0,18})$/.test(text)) return null;
  const number = BigInt(text);
  return number < 2n ** bits && number >= -(2n ** bits) ? text : null;
}

/**
 * The condition with values as the server writes them.
 * @throws StranglerError CONFIG_INVALID where server and worker could judge a row differently, REPLICA_IDENTITY where old rows
 * do not tell whether they were meant
 */
export function compileCondition(
  condition: RowCondition,
  { monolith, key, line, field = 'where' }: ConditionPlace,
): RowCondition {
  const compiled = Object.entries(condition).map(([name, value]) => {
    const at = `${line}.${field}.${name}`;
    const column = findColumn(monolith, name, at);
    const write = writer(column, `${at}: ${tableName(monolith)}.${name}`);
    const one = (text: string): string => {
      const found = write(text);
      if (found !== null) return found;
      throw new StranglerError(
        'CONFIG_INVALID',
        `${at}: ${tableName(monolith)}.${name} (${column.type}) never holds ${JSON.stringify(text)}`,
        { remedy: 'Write the value as PostgreSQL does.' },
      );
    };
    return [name, value === null ? null : typeof value === 'string' ? one(value) : value.map(one)];
  });
  requireOldValues(Object.keys(condition), { monolith, key, line });
  return Object.fromEntries(compiled) as RowCondition;
}

function writer(column: ColumnCatalog, about: string): (text: string) => string | null {
  const { base, array } = parseType(column.type);
  const labels = column.enumLabels;
  if (labels !== null && !array && column.baseType === undefined)
    return (text) => (labels.includes(text) ? text : null);
  const found = array ? undefined : written[base];
  if (found === undefined || column.deterministic === false || column.generated)
    throw new StranglerError(
      'CONFIG_INVALID',
      `${about} is ${column.generated ? 'generated' : column.type}` +
        `${column.deterministic === false ? ' under a collation that takes different texts for equal' : ''}: ` +
        'a condition is over whole numbers, booleans, uuid, enums, and text whose collation tells all texts apart',
      { remedy: 'Decide by another column, or give the table one.' },
    );
  return found;
}

/** Whoever deletes a row, or moves it out of the condition, leaves nothing but the old row to tell that it was meant. */
function requireOldValues(
  columns: readonly string[],
  { monolith, key, line }: ConditionPlace,
): void {
  if (monolith.replicaIdentity === 'full' || columns.every((column) => key.includes(column)))
    return;
  const name = tableName(monolith);
  throw new StranglerError(
    'REPLICA_IDENTITY',
    `${line}.where: changes of ${name} do not carry what ${columns.join(', ')} held before, so a row that leaves the ` +
      `condition would go unseen: it needs REPLICA IDENTITY FULL`,
    {
      details: { finding: 'replica identity' satisfies FindingKind, table: name },
      remedy: `ALTER TABLE ${name} REPLICA IDENTITY FULL (its old rows go to WAL), or decide by columns of its key.`,
    },
  );
}
