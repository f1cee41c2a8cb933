import type { MigrationDefinition, RowCondition, Side } from '@strangler-toolkit/plan';
import type { TableCatalog } from '../database/catalog.ts';
import { displayTable, type TableName } from '../database/identifiers.ts';
import { columnOn, type ColumnLink, type CompiledMapping } from '../mapping/compiled-mapping.ts';
import { listsAll, readConstraintText } from './constraint-text.ts';
import type { TableConstraint } from './constraints.ts';
import type { Surrounding } from './surrounding.ts';

/** A mapped table, and one of the other side that its rows come from. */
interface Source {
  readonly table: TableCatalog;
  /** By column of the table that they come to. */
  readonly links: ReadonlyMap<string, ColumnLink>;
  readonly key: readonly string[];
}

interface Receiver {
  readonly side: Side;
  readonly table: TableCatalog;
  readonly sources: readonly Source[];
  /** Rows of it that no source has do not meet this. */
  readonly where?: RowCondition;
  readonly key?: readonly string[];
}

function receivers({ tables }: CompiledMapping): Receiver[] {
  return tables.flatMap(({ monolith, key, parts, where }): Receiver[] => {
    const linksOn = (side: Side, links: readonly ColumnLink[]) =>
      new Map(links.map((link) => [columnOn(link, side), link]));
    return [
      {
        side: 'monolith',
        table: monolith,
        key,
        ...(where && { where }),
        sources: parts.map((part) => ({
          table: part.service,
          links: linksOn('monolith', part.columns),
          key: part.key,
        })),
      },
      ...parts.map((part): Receiver => ({
        side: 'service',
        table: part.service,
        key: part.shared?.unique ?? part.key,
        ...(part.shared && { where: part.shared.where }),
        sources: [{ table: monolith, links: linksOn('service', part.columns), key }],
      })),
    ];
  });
}

const otherSide = (side: Side): Side => (side === 'monolith' ? 'service' : 'monolith');
const columnsOf = ({ columns }: TableCatalog): Set<string> =>
  new Set(columns.map(({ name }) => name));
const sameTable = (one: TableName, other: TableName): boolean =>
  one.schema === other.schema && one.table === other.table;
const textOf = (definition: string, { columns }: TableCatalog, calls = (name: string) => name) =>
  readConstraintText(definition, new Set(columns.map(({ name }) => name)), calls).text;

const notNulls = ({ side, table }: Receiver): TableConstraint[] =>
  table.columns
    .filter(({ notNull }) => notNull)
    .map(({ name }) => ({
      side,
      table,
      name: `${displayTable(table)}.${name}`,
      kind: 'not null',
      definition: `NOT NULL (${name})`,
      unique: [quoted(name)],
      where: '',
      nullsToo: false,
      late: false,
      ofAll: true,
    }));

/** Whether a source's column, its domain or a CHECK keeps NULL out; no conversion makes one, but a field may be missing. */
function neverNull(
  { side, unique: [column = ''] }: TableConstraint,
  { table }: Receiver,
  source: Source,
  held: readonly TableConstraint[],
): boolean {
  const own = table.columns.find(({ name }) => quoted(name) === column);
  const link = own && source.links.get(own.name);
  const from = source.table.columns.find(
    ({ name }) => link && name === columnOn(link, otherSide(side)),
  );
  if (from === undefined || link?.conversion?.field) return false;
  const check = `CHECK ((${quoted(from.name)} IS NOT NULL))`;
  return (
    from.notNull ||
    (from.domainChecks ?? []).includes('NOT NULL') ||
    held.some(
      (one) => one.kind === 'rule' && one.ofAll && textOf(one.definition, source.table) === check,
    )
  );
}

/** The values of a column that can come over, where its type lists them. */
function arriving({ table, links }: Source, side: Side, column: string): string[] | null {
  const link = links.get(column);
  const from = table.columns.find(({ name }) => link && name === columnOn(link, otherSide(side)));
  if (link === undefined || !from?.enumLabels) return null;
  const way = link.conversion?.[side === 'service' ? 'forward' : 'backward'];
  if (way === undefined) return [...from.enumLabels];
  const { text } = way;
  // what only a server converts is not known before
  return text && from.enumLabels.flatMap((label) => text(label) ?? []);
}

/** Whether a source has the same rule; of a converted value the same text says something else. */
function hasRule(
  rule: TableConstraint,
  { side, table }: Receiver,
  source: Source,
  held: readonly TableConstraint[],
): boolean {
  const { text, columns } = readConstraintText(rule.definition, columnsOf(table), (column) => {
    const link = source.links.get(column);
    return link?.conversion === null ? columnOn(link, otherSide(side)) : null;
  });
  const [only, ...more] = columns;
  if (only !== undefined && more.length === 0) {
    const values = arriving(source, side, only);
    if (values && listsAll(textOf(rule.definition, table) ?? '', values)) return true;
    const link = source.links.get(only);
    const from = source.table.columns.find(
      ({ name }) => link && name === columnOn(link, otherSide(side)),
    );
    const checks = (from?.domainChecks ?? []).map(
      (check) => readConstraintText(check, new Set(['VALUE']), () => from?.name ?? null).text,
    );
    if (text !== null && checks.includes(text)) return true;
  }
  return (
    text !== null &&
    held.some(
      (one) => one.kind === 'rule' && one.ofAll && textOf(one.definition, source.table) === text,
    )
  );
}

/** Whether what is unique in a source keeps these apart as well: less of it, and for all rows that this is about. */
function isUnique(
  index: TableConstraint,
  { side, table }: Receiver,
  source: Source,
  held: readonly TableConstraint[],
): boolean {
  const own = columnsOf(table);
  const called = (text: string): string | null =>
    readConstraintText(text, own, (column) => {
      const link = source.links.get(column);
      return link === undefined ? null : columnOn(link, otherSide(side));
    }).text;
  const apart = new Set(index.unique.map(called));
  const rows = called(index.where);
  const never = new Set(source.table.columns.filter(({ notNull }) => notNull).map(nameOf));
  const sets = [
    { unique: source.key.map(quoted), where: '', nullsToo: true },
    ...held
      .filter(({ kind, ofAll }) => kind === 'unique' && ofAll)
      .map(({ unique, where, nullsToo }) => ({
        unique: unique.map((one) => textOf(one, source.table) ?? ''),
        where: textOf(where, source.table),
        nullsToo: nullsToo || unique.every((one) => never.has(one.replaceAll('"', ''))),
      })),
  ];
  return sets.some(
    ({ unique, where, nullsToo }) =>
      unique.length > 0 &&
      unique.every((one) => apart.has(one)) &&
      (where === '' || where === rows) &&
      (nullsToo || !index.nullsToo),
  );
}

/** Whether a row of the service can meet one that stayed, of which nothing at the service knows. Ids have a question of their own. */
function meetsOthers(
  { kind, unique }: TableConstraint,
  { table, where = {}, key = [] }: Receiver,
): boolean {
  const apart = new Set(unique.map((one) => textOf(one, table)));
  const holds = (names: readonly string[]): boolean =>
    names.every((name) => apart.has(quoted(name)));
  return kind === 'unique' && !holds(Object.keys(where)) && !holds(key);
}
const nameOf = ({ name }: { readonly name: string }): string => name;
const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

const shownLength = 200;
const consequence = ({ side, late }: TableConstraint): string => {
  const row = `a row that breaks it, written by the ${otherSide(side)},`;
  if (late) return `${row} comes in: replication does not look at what is DEFERRABLE`;
  return `${row} waits as a dead letter${side === 'service' ? ', or ends the initial copy' : ''}`;
};

/** What a table of one side takes no row against, and nothing of the other side keeps: told before such a row is written there. */
export function constraintSurroundings(
  constraints: readonly TableConstraint[],
  mapping: CompiledMapping,
  definition: MigrationDefinition,
): Surrounding[] {
  const kind = 'constraint' as const;
  const line = (side: Side, name: string): string =>
    `contexts/${definition.context}: constraints.${side}['${name}']`;
  // nothing of a reference comes back
  const ends = receivers(mapping).filter(
    ({ side }) => side === 'service' || definition.data !== 'reference',
  );
  const all = [...constraints, ...ends.flatMap(notNulls)];
  const on = (side: Side, table: TableName) =>
    all.filter((one) => one.side === side && sameTable(one.table, table));
  const found = ends.flatMap((receiver) => {
    const { side, table, sources } = receiver;
    const other = otherSide(side);
    return on(side, table).flatMap((one): Surrounding[] => {
      const texts = one.kind === 'rule' ? [one.definition] : [...one.unique, one.where];
      const named = texts.flatMap(
        (text) => readConstraintText(text, columnsOf(table), (name) => name).columns,
      );
      const generated = table.columns.filter((column) => column.generated).map(nameOf);
      const concerned = named.some(
        (name) => generated.includes(name) || sources.some(({ links }) => links.has(name)),
      );
      const others = meetsOthers(one, receiver);
      const has = { rule: hasRule, unique: isUnique, 'not null': neverNull }[one.kind];
      if (
        !concerned ||
        (!others && sources.some((source) => has(one, receiver, source, on(other, source.table))))
      )
        return [];
      const about = `constraint ${one.name}`;
      const told =
        one.definition.length > shownLength
          ? `${one.definition.slice(0, shownLength)}…`
          : one.definition;
      const tables = sources.map((source) => displayTable(source.table)).join(', ');
      const decided = definition.constraints?.[side]?.[one.name];
      if (decided)
        return [{ kind, about, decision: `${decided.reason} (the ${side} asks: ${told})` }];
      if (others)
        return [
          {
            kind,
            about,
            decision: null,
            problem:
              `the ${side} asks of ${displayTable(table)}: ${told}, of rows outside of the condition as well, which the ${other} ` +
              `does not have: ${consequence(one)}`,
            remedy:
              `Put the columns of the condition into it, or ${line(side, one.name)}: ` +
              `{ reason: 'why such rows do not meet' }`,
          },
        ];
      return [
        {
          kind,
          about,
          decision: null,
          problem: `the ${side} asks of ${displayTable(table)}: ${told}, the ${other} asks no such thing of ${tables}: ${consequence(one)}`,
          remedy:
            `Give ${tables} of the ${other} the same constraint, or ${line(side, one.name)}: ` +
            `{ reason: 'why no such row comes' }`,
        },
      ];
    });
  });
  const unknown = (['monolith', 'service'] as const).flatMap((side) =>
    Object.keys(definition.constraints?.[side] ?? {})
      .filter((name) => !all.some((one) => one.side === side && one.name === name))
      .map((name): Surrounding => ({
        kind,
        about: `constraint ${name}`,
        decision: null,
        problem: `no mapped table of the ${side} has it`,
        remedy: `Mend or remove ${line(side, name)}`,
      })),
  );
  return [...found, ...unknown];
}
