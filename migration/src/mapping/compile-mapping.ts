import {
  inServiceNames,
  isOneWay,
  mappedColumns,
  type MigrationDefinition,
  type OnReturn,
  type RowCondition,
  type Side,
  StranglerError,
  type TableMapping,
  type TargetTable,
} from '@strangler-toolkit/plan';
import type { ColumnCatalog, TableCatalog } from '../database/catalog.ts';
import { parseTableName } from '../database/identifiers.ts';
import type { FindingKind } from '../findings/kinds.ts';
import { compileColumn, findColumn } from './compile-column.ts';
import { compileCondition } from './compile-condition.ts';
import { withLists } from './compile-list.ts';
import {
  type ColumnLink,
  columnOn,
  type CompiledMapping,
  type CompiledPart,
  type CompiledTable,
  lineOf,
  shownColumn,
  tableName,
} from './compiled-mapping.ts';
import { refuseOverlaps } from './refuse-overlaps.ts';
import { sharedPart, sharedTables, withOthers } from './shared-tables.ts';

export interface CompileCatalogs {
  readonly monolith: readonly TableCatalog[];
  readonly service: readonly TableCatalog[];
  /** Whether the service's rows ever go to the monolith. */
  readonly comesBack: boolean;
  /** By service table (`schema.table`) that several mappings fill: the constants that tell their rows apart. */
  readonly shared?: ReadonlyMap<string, readonly string[]>;
}

/**
 * Checks a context's mapping against both catalogs and makes it ready for use. Pure: the catalogs were read before.
 * @throws StranglerError naming the line of the context file that has to change
 */
export function compileMapping(
  definition: MigrationDefinition,
  monolithTables: readonly TableCatalog[],
  serviceTables: readonly TableCatalog[],
): CompiledMapping {
  const file = `contexts/${definition.context}`;
  if ((definition.tables ?? []).length === 0) {
    throw new StranglerError(
      'CONFIG_INVALID',
      `${file}: tables: a replicated context needs at least one table mapping`,
    );
  }
  const catalogs = {
    monolith: monolithTables,
    service: serviceTables,
    comesBack: !isOneWay(definition.data),
    shared: sharedTables(definition),
  };
  const tables = (definition.tables ?? []).map((mapping, index) =>
    compileTable(mapping, `${file}: tables[${index}]`, catalogs),
  );
  refuseOverlaps(tables);
  refuseRepeated(
    tables.flatMap((table) =>
      table.parts
        .filter(({ shared }) => shared === undefined)
        .map((part): [string, string] => [tableName(part.service), part.line]),
    ),
    'service table',
  );
  return {
    context: definition.context,
    tables: withLists(definition, withOthers(tables), catalogs.comesBack),
    crossing: [],
  };
}

export function compileTable(
  mapping: TableMapping,
  line: string,
  catalogs: CompileCatalogs,
): CompiledTable {
  const { comesBack } = catalogs;
  const monolith = findTable(catalogs.monolith, mapping.monolith, `${line}.monolith`, 'monolith');
  const key = mapping.key ?? monolith.primaryKey;
  if (key.length === 0) {
    throw new StranglerError(
      'REPLICA_IDENTITY',
      `${line}: ${tableName(monolith)} has no primary key and the mapping names no key`,
      {
        details: { finding: 'replica identity' satisfies FindingKind },
        remedy:
          `Add a primary key, or name the columns that identify a row in ${line}.key and ALTER ` +
          `TABLE ${tableName(monolith)} REPLICA IDENTITY FULL.`,
      },
    );
  }
  for (const column of key) findColumn(monolith, column, `${line}.key`);
  requireIdentity(monolith, key, `${line}.monolith`);
  if (mapping.append !== undefined) requireShareInKey(mapping.where, { monolith, key, line });
  const [first, ...rest] = mapping.service.map((target, index) =>
    compilePart(target, `${line}.service[${index}]`, { monolith, key }, catalogs),
  );
  if (first === undefined)
    throw new StranglerError('CONFIG_INVALID', `${line}.service: names no service table`);
  const meant = mapping.append === undefined ? undefined : inServiceNames(mapping);
  const parts: readonly [CompiledPart, ...CompiledPart[]] = [
    meant === undefined
      ? first
      : { ...first, shared: { where: meant, unique: first.key, bothWrite: true } },
    ...rest,
  ];
  refuseSharedColumns(parts, key, line);
  const where = mapping.where && compileCondition(mapping.where, { monolith, key, line });
  if (where !== undefined) requireUniqueKey(monolith, key, line);
  refuseUnknownBefore(parts, [...key, ...Object.keys(where ?? {})]);
  const leave = { ...mapping.leave, ...impliedValues(where, parts) };
  const ids = mapping.ids ?? {};
  for (const column of Object.keys(ids)) {
    findColumn(monolith, column, `${line}.ids.${column}`);
    if (!key.includes(column))
      throw new StranglerError(
        'CONFIG_INVALID',
        `${line}.ids.${column}: ${column} is no key column of ${tableName(monolith)} (${key.join(', ')})`,
      );
  }
  const behind = leftBehind(monolith, parts, leave, line);
  if (comesBack)
    for (const column of behind)
      refuseUnfilled(monolith, column, leave[column.name]?.onReturn, line);
  return {
    line,
    monolith,
    key,
    parts,
    ...(where && { where }),
    leave,
    ids,
    leftBehind: behind.map(({ name }) => name),
  };
}

/** A column that decides and is not mapped holds the one value that it may hold. */
const impliedValues = (
  where: RowCondition | undefined,
  parts: readonly CompiledPart[],
): NonNullable<TableMapping['leave']> =>
  Object.fromEntries(
    Object.entries(where ?? {})
      .filter(([name]) => !parts.some((part) => part.columns.some(({ from }) => from === name)))
      .map(([name, value]) => [
        name,
        {
          onReturn: { value: value === null ? null : ([value].flat()[0] ?? null) },
          reason: 'the condition says what it holds',
        },
      ]),
  );

/** Where the key does not tell whose a row is, both sides give out one and the same. */
function requireShareInKey(
  where: RowCondition = {},
  { monolith, key, line }: { monolith: TableCatalog; key: readonly string[]; line: string },
): void {
  const outside = Object.keys(where).find((column) => !key.includes(column));
  if (outside === undefined) return;
  const name = tableName(monolith);
  throw new StranglerError(
    'KEYS_COLLIDE',
    `${line}.append: both sides write ${name}, and its key (${key.join(', ')}) does not hold ${outside}, which tells whose a row is`,
    {
      details: { table: name, column: outside },
      remedy:
        `Make ${outside} a part of the key on both sides: ALTER TABLE ${name} DROP CONSTRAINT …, ` +
        `ADD PRIMARY KEY (${outside}, ${key.join(', ')}). Ranges of one number (odd and even ids) are no condition.`,
    },
  );
}

/** A row that comes back and meets one outside of the condition must be refused, which only an index can promise. */
function requireUniqueKey(monolith: TableCatalog, key: readonly string[], line: string): void {
  if (isUniqueKey(monolith, key) && !monolith.primaryKeyDeferrable) return;
  throw new StranglerError(
    'CONFIG_INVALID',
    `${line}.where: (${key.join(', ')}) must be the primary key of ${tableName(monolith)}, checked at once: the rows outside of ` +
      'the condition have keys too',
  );
}

function compilePart(
  target: TargetTable,
  line: string,
  { monolith, key }: Pick<CompiledTable, 'monolith' | 'key'>,
  { service: serviceTables, comesBack, shared: sharing }: CompileCatalogs,
): CompiledPart {
  const service = findTable(serviceTables, target.table, `${line}.table`, 'service');
  const columns = mappedColumns(target).map((mapped) =>
    compileColumn({ monolith, service }, mapped, line),
  );
  refuseRepeated(
    apartFrom(columns, 'service').map((link) => [link.to, lineOf({ line }, link)]),
    'service column',
  );
  refuseNested(columns, line);
  const serviceKey = key.map((column) => {
    const link = columns.find(({ from }) => from === column);
    if (link === undefined) {
      throw new StranglerError(
        'CONFIG_INVALID',
        `${line}.columns: does not map the key column ${column} of ${tableName(monolith)}; every part must`,
      );
    }
    return link.to;
  });
  const constants = target.constants ?? {};
  const telling = sharing?.get(tableName(service));
  const shared = telling && sharedPart({ service, key: serviceKey, constants, line }, telling);
  if (comesBack) requireIdentity(service, shared?.unique ?? serviceKey, `${line}.table`);
  if (!isUniqueKey(service, shared?.unique ?? serviceKey)) {
    throw new StranglerError(
      'REPLICA_IDENTITY',
      `${line}.table: (${(shared?.unique ?? serviceKey).join(', ')}) of ${tableName(service)} must be its primary ` +
        `key, because one row stands for one row of ${tableName(monolith)}`,
      {
        remedy:
          `Give ${tableName(service)} that primary key. Where its rows gather several of ${tableName(monolith)} (an array, or JSON): ` +
          'keep a table for them at the service, and let list keep an array of another of its tables alike with its rows.',
      },
    );
  }
  for (const name of Object.keys(constants)) {
    const column = findColumn(service, name, `${line}.constants.${name}`);
    if (column.generated || columns.some(({ to }) => to === name)) {
      throw new StranglerError(
        'CONFIG_INVALID',
        `${line}.constants.${name}: the column is ${column.generated ? 'generated' : 'mapped already'}`,
      );
    }
  }
  for (const column of service.columns) {
    const filled =
      columns.some(({ to }) => to === column.name) || (constants[column.name] ?? null) !== null;
    if (column.notNull && !column.hasDefault && !column.generated && !column.identity && !filled) {
      throw new StranglerError(
        'CONFIG_INVALID',
        `${line}: ${tableName(service)}.${column.name} is NOT NULL without a default, and nothing fills it`,
        {
          remedy: `Map a monolith column to it in ${line}.columns, or give it a value in ${line}.constants.`,
        },
      );
    }
  }
  return { line, service, columns, key: serviceKey, constants, ...(shared && { shared }) };
}

function findTable(
  tables: readonly TableCatalog[],
  name: string,
  line: string,
  side: string,
): TableCatalog {
  const wanted = parseTableName(name);
  const full = tableName(wanted);
  const table = tables.find(
    (candidate) => candidate.schema === wanted.schema && candidate.table === wanted.table,
  );
  if (table === undefined)
    throw new StranglerError(
      'TABLE_MISSING',
      `${line}: the ${side}'s database has no table ${full}`,
      { details: { table: full, side } },
    );
  return table;
}

const sameSet = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((name) => right.includes(name));

/** Whether an index guarantees that the key names one row (what ON CONFLICT needs). */
export const isUniqueKey = (table: TableCatalog, key: readonly string[]): boolean =>
  sameSet(table.primaryKey, key) ||
  (table.replicaIdentity === 'index' && sameSet(table.identityColumns, key));

/** An update or delete must carry the old key, on the monolith for the way there and on the service for the way back. */
function requireIdentity(table: TableCatalog, key: readonly string[], line: string): void {
  if (
    table.replicaIdentity === 'full' ||
    (table.replicaIdentity !== 'nothing' &&
      key.every((column) => table.identityColumns.includes(column)))
  )
    return;
  throw new StranglerError(
    'REPLICA_IDENTITY',
    `${line}: updates and deletes of ${tableName(table)} do not carry its key ` +
      `(${key.join(', ')}); its replica identity is ${table.replicaIdentity}` +
      (table.primaryKeyDeferrable ? ': a key that is deferrable is none' : ''),
    {
      details: {
        finding: 'replica identity' satisfies FindingKind,
        table: tableName(table),
        key,
        replicaIdentity: table.replicaIdentity,
      },
    },
  );
}

/** Rows are found by these values before any statement converts them. */
function refuseUnknownBefore(parts: readonly CompiledPart[], deciding: readonly string[]): void {
  for (const part of parts)
    for (const { from, conversion } of part.columns)
      if (conversion?.forward.text === null && deciding.includes(from))
        throw new StranglerError(
          'CONFIG_INVALID',
          `${part.line}.columns.${from}: rows are known by it (key, where), and only a server converts it`,
          { remedy: 'Map this column as it is, or by a conversion of the list (as).' },
        );
}

function leftBehind(
  monolith: TableCatalog,
  parts: readonly CompiledPart[],
  leave: NonNullable<TableMapping['leave']>,
  line: string,
): ColumnCatalog[] {
  const mapped = new Set(parts.flatMap((part) => part.columns.map(({ from }) => from)));
  for (const name of Object.keys(leave)) {
    findColumn(monolith, name, `${line}.leave.${name}`);
    if (mapped.has(name))
      throw new StranglerError(
        'CONFIG_INVALID',
        `${line}.leave.${name}: the column is mapped, so it is not left behind`,
      );
  }
  return monolith.columns.filter((column) => !column.generated && !mapped.has(column.name));
}

/** A row that the service made must be taken as it comes: NOT NULL is looked at before an expression can be computed over it. */
function refuseUnfilled(
  monolith: TableCatalog,
  column: ColumnCatalog,
  onReturn: OnReturn | undefined,
  line: string,
): void {
  if (!column.notNull) return;
  const hasDefault = column.hasDefault || Boolean(column.identity);
  if (typeof onReturn === 'object' && 'trigger' in onReturn) return;
  const filled =
    typeof onReturn === 'object' && 'value' in onReturn ? onReturn.value !== null : hasDefault;
  if (filled) return;
  const named = `${tableName(monolith)}.${column.name}`;
  if (typeof onReturn === 'object' && 'expression' in onReturn)
    throw new StranglerError(
      'CONFIG_INVALID',
      `${line}.leave.${column.name}.onReturn: ${named} is NOT NULL without a default, and ` +
        'the expression is computed over the row that was written',
      { remedy: `ALTER TABLE ${tableName(monolith)} ALTER COLUMN ${column.name} SET DEFAULT …` },
    );
  throw new StranglerError(
    'CONFIG_INVALID',
    `${line}.leave: ${named} is NOT NULL without a default and ` +
      `not mapped; say what a row made by the service gets in ` +
      `${line}.leave.${column.name}.onReturn`,
  );
}

/** Fields of one column of the side count as one. */
const apartFrom = (columns: readonly ColumnLink[], side: Side): readonly ColumnLink[] =>
  columns.filter(
    (link, index) =>
      link.conversion?.field?.side !== side ||
      columns.findIndex(
        (other) =>
          other.conversion?.field?.side === side && columnOn(other, side) === columnOn(link, side),
      ) === index,
  );

/** Of two fields of one column neither holds the other. */
function refuseNested(columns: readonly ColumnLink[], line: string): void {
  for (const [index, link] of columns.entries())
    for (const other of columns.slice(0, index)) {
      const [one, two] = [link.conversion?.field, other.conversion?.field];
      if (one === undefined || one.side !== two?.side) continue;
      if (columnOn(link, one.side) !== columnOn(other, one.side)) continue;
      const length = Math.min(one.path.length, two.path.length);
      if (one.path.slice(0, length).every((key, at) => key === two.path[at]))
        throw new StranglerError(
          'CONFIG_INVALID',
          `${line}.columns: ${shownColumn(link, one.side)} and ${shownColumn(other, one.side)} hold one another`,
          { remedy: 'Map each field once, or the outer one to a jsonb column.' },
        );
    }
}

function refuseSharedColumns(
  parts: readonly CompiledPart[],
  key: readonly string[],
  line: string,
): void {
  const owned = parts.flatMap((part) =>
    apartFrom(part.columns, 'monolith')
      .filter(({ from }) => !key.includes(from))
      .map(({ from }): [string, string] => [from, `${part.line}.columns.${from}`]),
  );
  refuseRepeated(owned, `column of ${line}: its way back would be ambiguous; monolith column`);
}

function refuseRepeated(names: readonly (readonly [string, string])[], what: string): void {
  const seen = new Map<string, string>();
  for (const [name, line] of names) {
    const earlier = seen.get(name);
    if (earlier !== undefined)
      throw new StranglerError(
        'CONFIG_INVALID',
        `${line}: ${what} ${name} is mapped already at ${earlier}`,
      );
    seen.set(name, line);
  }
}
