import {
  type Direction,
  endsOf,
  isStranglerError,
  type MigrationDefinition,
  sidesOf,
  sourceOf,
  StranglerError,
} from '@strangler-toolkit/plan';
import type pg from 'pg';
import type { RelationMessage } from '../apply/relation-watch.ts';
import { displayTable } from '../database/identifiers.ts';
import { changedTypes, retypedConditions } from '../mapping/changed-types.ts';
import { type CompiledMapping, lineOf, tableName } from '../mapping/compiled-mapping.ts';
import { loadMapping } from '../mapping/load.ts';
import { carries } from '../mapping/type-compatibility.ts';
import { publicationDifference, type SourceTable } from '../stream/index.ts';
import { publishedTables } from './published-tables.ts';

const misfits = new Set([
  'COLUMN_MISSING',
  'TABLE_MISSING',
  'TABLE_KIND',
  'CONFIG_INVALID',
  'REPLICA_IDENTITY',
]);

/** The mapping no longer compiles against tables that it was already replicating. */
export function asSchemaChange(error: unknown): unknown {
  if (!isStranglerError(error) || !misfits.has(error.code)) return error;
  return new StranglerError(
    'SCHEMA_CHANGED',
    `The tables no longer fit the mapping: ${error.message}`,
    { cause: error, details: { ...error.details, was: error.code } },
  );
}

export interface SchemaCheck {
  readonly definition: MigrationDefinition;
  /** Made from the tables as they were. */
  readonly mapping: CompiledMapping;
  readonly direction: Direction;
  readonly publication: string;
  readonly ownTables: readonly SourceTable[];
  readonly monolith: pg.Client;
  readonly service: pg.Client;
}

/** @throws StranglerError SCHEMA_CHANGED naming the line of the mapping */
export async function checkSchema(check: SchemaCheck): Promise<void> {
  await requirePublished(check, await checkFit(check));
}

/** The mapping, compiled for the tables as they are now. @throws StranglerError SCHEMA_CHANGED naming its line */
export async function checkFit(
  check: Pick<SchemaCheck, 'definition' | 'mapping' | 'direction' | 'monolith' | 'service'>,
): Promise<CompiledMapping> {
  let now: CompiledMapping;
  try {
    now = await loadMapping(check.definition, check.monolith, check.service);
  } catch (error) {
    throw asSchemaChange(error);
  }
  const [retyped] = retypedConditions(check.mapping, now);
  if (retyped !== undefined)
    throw new StranglerError('SCHEMA_CHANGED', `${retyped.line}: ${retyped.problem}`, {
      details: { table: retyped.table, column: retyped.column },
    });
  const [changed] = changedTypes(check.mapping, now, check.direction);
  if (changed !== undefined) throw changedType(changed.line, changed.source, changed.target);
  return now;
}

/**
 * The shape that the stream announces is the one its rows have, whatever the table became since: changes from before an
 * ALTER TABLE are still good.
 * @throws StranglerError SCHEMA_CHANGED naming the line of the mapping
 */
export async function checkRelation(check: SchemaCheck, relation: RelationMessage): Promise<void> {
  const name = tableName(relation);
  const forward = check.direction === 'forward';
  const parts = check.mapping.tables.flatMap((table) =>
    table.parts
      .filter((part) => tableName(forward ? table.monolith : part.service) === name)
      .map((part) => ({ table, part })),
  );
  // published and not mapped: a mapped table was renamed
  if (parts.length === 0) return checkSchema(check);
  const { rows } = await (forward ? check.monolith : check.service).query<{ type: string }>(
    'SELECT format_type(oid, modifier) AS type FROM unnest($1::oid[], $2::int[]) WITH ORDINALITY AS t(oid, modifier, n) ORDER BY n',
    [
      relation.columns.map(({ typeOid }) => typeOid),
      relation.columns.map(({ typeModifier }) => typeModifier),
    ],
  );
  const types = new Map(
    relation.columns.map((column, index) => [column.name, rows[index]?.type ?? '']),
  );
  for (const { table, part } of parts) {
    for (const link of part.columns) {
      const [column, was, target, targetType] = forward
        ? [link.from, link.fromType, `${tableName(part.service)}.${link.to}`, link.toType]
        : [link.to, link.toType, `${tableName(table.monolith)}.${link.from}`, link.fromType];
      const type = types.get(column) ?? '';
      const fits =
        link.conversion === null
          ? carries(type, targetType)
          : link.conversion.takes(sidesOf(check.direction, type, targetType));
      if (type === was || fits) continue;
      throw changedType(
        lineOf(part, link),
        { name: `${name}.${column}`, type, was },
        { name: target, type: targetType },
      );
    }
  }
}

const changedType = (
  line: string,
  source: { name: string; type: string; was: string },
  target: { name: string; type: string },
): StranglerError =>
  new StranglerError(
    'SCHEMA_CHANGED',
    `${line}: ${source.name} is ${source.type} now (was ${source.was}), which ${target.name} (${target.type}) does not take`,
    {
      details: { column: source.name, from: source.type, to: target.type },
    },
  );

/** Changes of a table that is not published never come, and nothing tells of them. */
export async function requirePublished(
  {
    direction,
    publication,
    ownTables,
    monolith,
    service,
  }: Pick<SchemaCheck, 'direction' | 'publication' | 'ownTables' | 'monolith' | 'service'>,
  mapping: CompiledMapping,
): Promise<void> {
  const difference = await publicationDifference(
    endsOf(direction, { monolith, service }).source,
    publication,
    publishedTables(mapping, sourceOf(direction), ownTables),
  );
  // without a publication the stream does not begin at all
  const missing =
    difference?.added.filter((table) => !ownTables.some((own) => displayTable(own) === table)) ??
    [];
  if (missing.length === 0) return;
  const line = mapping.tables.find((table) =>
    missing.some(
      (name) =>
        `public.${name}` === tableName(table.monolith) || name === tableName(table.monolith),
    ),
  )?.line;
  throw new StranglerError(
    'SCHEMA_CHANGED',
    `${line ?? `contexts/${mapping.context}`}: publication ${publication} does not hold ` +
      `${missing.join(', ')}, so changes were not streamed`,
    {
      remedy:
        direction === 'forward'
          ? 'A table came to the mapping later: strangler replicate <context> --reread publishes it and brings its ' +
            'rows beside the stream, row by row; --restart copies all tables anew.'
          : 'A table came to the mapping later: take its line out until the monolith owns the context again ' +
            '(strangler rollback), or begin the way back anew with --restart; no row of either side goes.',
      details: { publication, tables: missing },
    },
  );
}
