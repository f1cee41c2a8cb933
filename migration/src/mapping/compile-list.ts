import {
  type ListMapping,
  type MigrationDefinition,
  StranglerError,
} from '@strangler-toolkit/plan';
import type { ColumnCatalog, TableCatalog } from '../database/catalog.ts';
import { parseTableName, quoteTable } from '../database/identifiers.ts';
import { findColumn } from './compile-column.ts';
import {
  type CompiledList,
  type CompiledPart,
  type CompiledTable,
  tableName,
} from './compiled-mapping.ts';
import { withoutLength } from './type-compatibility.ts';

const wholeNumbers = new Set(['smallint', 'integer', 'bigint']);
/** Types of which jsonb holds each value so that it comes back the same. */
const exactInJson = new Set([...wholeNumbers, 'text', 'character varying', 'boolean', 'uuid']);

/**
 * The lists of a context's mapping, checked against the service's catalog.
 * @throws StranglerError CONFIG_INVALID naming the line of one that could not be kept exact
 */
export function withLists(
  { context, tables: mappings = [] }: Pick<MigrationDefinition, 'context' | 'tables'>,
  tables: readonly CompiledTable[],
  comesBack: boolean,
): CompiledTable[] {
  const declared = new Map<string, ListMapping>(
    mappings.flatMap(({ service }, index) =>
      service.flatMap(({ list }, at) =>
        list === undefined
          ? []
          : [[`contexts/${context}: tables[${index}].service[${at}]`, list] as const],
      ),
    ),
  );
  return tables.map((table): CompiledTable => {
    const [part, ...more] = table.parts;
    const list = declared.get(part.line);
    if (list === undefined) return table;
    const compiled = compileList(list, { table, part, tables, comesBack });
    return { ...table, parts: [{ ...part, list: compiled }, ...more] };
  });
}

interface Around {
  readonly table: CompiledTable;
  readonly part: CompiledPart;
  readonly tables: readonly CompiledTable[];
  readonly comesBack: boolean;
}

function compileList(list: ListMapping, around: Around): CompiledList {
  const { part, tables } = around;
  const line = `${part.line}.list`;
  const wanted = tableName(parseTableName(list.parent));
  const parent = tables
    .flatMap(({ parts }) => parts)
    .find(({ service }) => tableName(service) === wanted);
  if (parent === undefined)
    throw refusal(`${line}.parent`, `${wanted} is no table of the service that is mapped`);
  for (const { kind, ...name } of [part.service, parent.service])
    if (kind === 'partitioned')
      throw refusal(
        line,
        `${tableName(name)} is partitioned, and what is written to a partition by its own name would pass by`,
      );
  const key = Object.entries(list.key);
  requireKey(key, { line, part, parent });
  const position = findColumn(part.service, list.position, `${line}.position`);
  if (!position.notNull || !wholeNumbers.has(position.type))
    throw refusal(
      `${line}.position`,
      `${tableName(part.service)}.${position.name} (${position.type}${position.notNull ? '' : ', may be NULL'}) gives rows no order ` +
        'that an array keeps',
      `Let it be a whole number and NOT NULL, on both sides.`,
    );
  const value = findColumn(part.service, list.value, `${line}.value`);
  const compiled: CompiledList = {
    line,
    rows: part.service,
    rowKey: part.key,
    parent: parent.service,
    column: list.column,
    form: formOf(list, { line, parent: parent.service, value, rows: part.service }),
    key,
    position: list.position,
    first: position.sequence === null ? (list.first ?? 1) : null,
    value: list.value,
    valueType: value.type,
    constants: part.constants,
  };
  refuseMore(compiled, around);
  return compiled;
}

/** An element is of the parent that its row names, so the whole key must be there, in types that compare. */
function requireKey(
  key: readonly (readonly [string, string])[],
  { line, part, parent }: { line: string; part: CompiledPart; parent: CompiledPart },
): void {
  const named = key.map(([, to]) => to);
  if (named.length !== parent.key.length || parent.key.some((column) => !named.includes(column)))
    throw refusal(
      `${line}.key`,
      `must name the key of ${tableName(parent.service)} (${parent.key.join(', ')}), each column once`,
    );
  for (const [from, to] of key) {
    const [own, theirs] = [
      findColumn(part.service, from, `${line}.key.${from}`),
      findColumn(parent.service, to, `${line}.key.${from}`),
    ].map(({ type }) => withoutLength(type));
    const numbers = [own, theirs].every((type) => wholeNumbers.has(type ?? ''));
    if (own !== theirs && !numbers)
      throw refusal(`${line}.key.${from}`, `is ${own}, and ${to} of the parent is ${theirs}`);
  }
}

function formOf(
  list: ListMapping,
  at: { line: string; parent: TableCatalog; value: ColumnCatalog; rows: TableCatalog },
): CompiledList['form'] {
  const column = findColumn(at.parent, list.column, `${at.line}.column`);
  const name = `${tableName(at.parent)}.${column.name}`;
  const place = `${at.line}.column`;
  if (!column.notNull || column.generated)
    throw refusal(
      place,
      `${name} must be NOT NULL and not generated: no rows are an empty array, and nothing tells it from NULL`,
      `ALTER TABLE ${quoteTable(at.parent)} ALTER COLUMN ${column.name} SET DEFAULT '${column.type === 'jsonb' ? '[]' : '{}'}', ` +
        `ALTER COLUMN ${column.name} SET NOT NULL`,
    );
  if (column.type === `${at.value.type}[]`) return 'array';
  const type = at.value.type;
  if (column.type === 'jsonb' && exactInJson.has(withoutLength(type))) return 'jsonb';
  throw refusal(
    place,
    `${name} is ${column.type}, which does not hold every ${type} of ${tableName(at.rows)}.${at.value.name} so that it comes back`,
    type.endsWith(']')
      ? 'Arrays of arrays must be of one length each: keep such rows as rows.'
      : `Let it be ${type}[]${exactInJson.has(withoutLength(type)) ? ', or jsonb' : ''}.`,
  );
}

/** When the service writes the array, rows are made of what it holds and of nothing else. */
function refuseMore(list: CompiledList, { table, part, comesBack }: Around): void {
  const { line, rows, rowKey, key, position, value } = list;
  const held = new Set([...key.map(([from]) => from), position, value]);
  const lost = part.columns.find(({ to }) => !held.has(to) && !rowKey.includes(to));
  if (lost !== undefined)
    throw refusal(
      line,
      `${tableName(rows)}.${lost.to} is mapped, and the array does not hold it: rows that the service's array brings would lose it`,
      'Keep these rows as rows, without a list.',
    );
  if (!comesBack) return;
  const made = rowKey.find((name) => !held.has(name) && !findColumn(rows, name, line).hasDefault);
  if (made !== undefined)
    throw refusal(
      line,
      `${tableName(rows)}.${made} is in the key of the rows, and nothing gives it to rows that an array brings`,
      `Give it a default or a sequence.`,
    );
  const left = table.leftBehind.find((name) => !(name in table.leave));
  if (left !== undefined)
    throw refusal(
      `${table.line}.leave`,
      `${tableName(table.monolith)}.${left} stays behind, and rows behind the first that an array changes are made anew`,
      `Say what it holds then: ${left}: { onReturn: 'default', reason: '…' }.`,
    );
  const foreign = rows.foreignKeys.find(
    ({ references, onDelete }) =>
      tableName(references) === tableName(list.parent) &&
      onDelete !== 'CASCADE' &&
      onDelete !== 'SET NULL',
  );
  if (foreign !== undefined)
    throw refusal(
      line,
      `foreign key ${foreign.name} of ${tableName(rows)} forbids the service to delete a row of ${tableName(list.parent)} with its list`,
      `Let it be ON DELETE CASCADE at the service.`,
    );
}

const refusal = (line: string, why: string, remedy?: string): StranglerError =>
  new StranglerError('CONFIG_INVALID', `${line}: ${why}`, remedy === undefined ? {} : { remedy });
