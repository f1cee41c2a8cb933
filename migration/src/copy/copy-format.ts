import { quoteIdentifier, quoteLiteral, quoteTable } from '../database/identifiers.ts';
import type { ColumnLink, CompiledPart, CompiledTable } from '../mapping/compiled-mapping.ts';
import type { Conversion } from '../mapping/conversions/conversion.ts';
import { mergeFields, noFields } from '../mapping/merge-fields.ts';
import { parseType, withoutLength } from '../mapping/type-compatibility.ts';
import { forwardColumn } from './projection-sql.ts';

/** Types whose binary form every server writes and reads alike. Locale and extensions have no say in them. */
const binaryTypes = new Set([
  'smallint',
  'integer',
  'bigint',
  'numeric',
  'real',
  'double precision',
  'boolean',
  'uuid',
  'bytea',
  'json',
  'jsonb',
  'inet',
  'cidr',
  'macaddr',
  'macaddr8',
  'text',
  'character varying',
  'character',
  'date',
  'interval',
  'time without time zone',
  'time with time zone',
  'timestamp without time zone',
  'timestamp with time zone',
]);
const textual = new Set(['text', 'character varying', 'character']);
const integers = ['smallint', 'integer', 'bigint'];

/**
 * What COPY sends for a part of a table, column by column. Binary spares both servers the printing and parsing, which is most
 * of what a copy costs; text is what remains where the two sides' types differ or are of their own making.
 */
export interface CopyFormat {
  readonly binary: boolean;
  readonly columns: readonly string[];
  readonly values: readonly string[];
}

/** The COPY pair that moves some rows of one monolith table into one service table, or into one that has its columns. */
export function copyStatements(
  table: CompiledTable,
  part: CompiledPart,
  { where, into = quoteTable(part.service) }: { readonly where: string; readonly into?: string },
): { readonly out: string; readonly into: string } {
  const { binary, columns, values } = copyFormat(part);
  const format = binary ? ' (FORMAT binary)' : '';
  return {
    out: `COPY (SELECT ${values.join(', ')} FROM ${quoteTable(table.monolith)} WHERE ${where}) TO STDOUT${format}`,
    into: `COPY ${into} (${columns.join(', ')}) FROM STDIN${format}`,
  };
}

/**
 * Rows that may be there already, because a change brought them, go through a table of the session's own. Any other conflict
 * than that of the key is an error.
 */
export function staging(part: CompiledPart): {
  readonly name: string;
  readonly make: string;
  readonly move: string;
} {
  const name = 'pg_temp.strangler_staged';
  const columns = copyFormat(part).columns.join(', ');
  const service = quoteTable(part.service);
  return {
    name,
    make: `CREATE TEMP TABLE strangler_staged AS SELECT ${columns} FROM ${service} WITH NO DATA`,
    move:
      `INSERT INTO ${service} (${columns}) OVERRIDING SYSTEM VALUE SELECT ${columns} FROM ${name} ` +
      `ON CONFLICT (${(part.shared?.unique ?? part.key).map(quoteIdentifier).join(', ')}) DO NOTHING; DROP TABLE ${name}`,
  };
}

/** The rows of these keys. */
export function keyCondition(
  { monolith, key }: CompiledTable,
  keys: readonly Readonly<Record<string, string | null>>[],
): string {
  const types = key.map((name) =>
    withoutLength(monolith.columns.find((column) => column.name === name)?.type ?? 'text'),
  );
  const row = (values: Readonly<Record<string, string | null>>): string =>
    `(${key.map((name, index) => `CAST(${literal(values[name])} AS ${types[index]})`).join(', ')})`;
  return `(${key.map(quoteIdentifier).join(', ')}) IN (${keys.map(row).join(', ')})`;
}

const literal = (value: string | null | undefined): string =>
  value === null || value === undefined ? 'NULL' : quoteLiteral(value);

export function copyFormat(part: CompiledPart): CopyFormat {
  const constants = Object.entries(part.constants);
  const gathered = gatheredColumns(part);
  const single = part.columns.filter(({ to }) => !gathered.has(to));
  const columns = [
    ...single.map(({ to }) => to),
    ...gathered.keys(),
    ...constants.map(([name]) => name),
  ].map(quoteIdentifier);
  const values = [
    ...single.map(binaryColumn),
    ...gathered.values(),
    ...constants.map(([name, value]) => binaryConstant(part, name, value)),
  ];
  const all = values.filter((value) => value !== null);
  if (all.length === values.length) return { binary: true, columns, values: all };
  return {
    binary: false,
    columns,
    values: [
      ...single.map((link) => forwardColumn(link)),
      ...gathered.values(),
      ...constants.map(([, value]) => (value === null ? 'NULL' : quoteLiteral(value))),
    ],
  };
}

/** JSON columns of the service that columns of the monolith are fields of, with what they hold. */
function gatheredColumns({ columns, service }: CompiledPart): ReadonlyMap<string, string> {
  const gathered = columns.filter(({ conversion }) => conversion?.field?.side === 'service');
  return new Map(
    [...new Set(gathered.map(({ to }) => to))].map((name) => {
      const fields = gathered
        .filter(({ to }) => to === name)
        .map((link) => ({ path: link.conversion?.field?.path ?? [], value: forwardColumn(link) }));
      const column = service.columns.find((one) => one.name === name);
      return [name, mergeFields(noFields(column?.notNull === true), fields)];
    }),
  );
}

/** The expression whose binary form the service's column reads as the value that the text would have been; null if there is none. */
function binaryColumn(link: ColumnLink): string | null {
  const expression = forwardColumn(link);
  const [from, to] = [parseType(link.fromType), parseType(link.toType)];
  if (!binaryTypes.has(to.base) || from.array !== to.array) return null;
  if (link.conversion !== null)
    return to.array ? null : convertedBinary(link.conversion, to.base, expression);
  if (from.base === to.base) return expression;
  if (textual.has(from.base) && textual.has(to.base)) return expression;
  const wider =
    integers.includes(from.base) && (to.base === 'numeric' || integers.includes(to.base));
  return wider && !from.array ? `(${expression})::${to.base}` : null;
}

function convertedBinary(
  { forward: { type } }: Conversion,
  base: string,
  expression: string,
): string | null {
  // without its length, so that the column refuses what is too long
  if (textual.has(base))
    return type === 'text' || type === 'character varying' ? `(${expression})::text` : null;
  if (type === base) return expression;
  const number = type === 'numeric' || integers.includes(type);
  return number && integers.includes(base) ? `(${expression})::${base}` : null;
}

function binaryConstant(part: CompiledPart, name: string, value: string | null): string | null {
  const column = part.service.columns.find((candidate) => candidate.name === name);
  const type = column === undefined ? undefined : parseType(column.type);
  if (type === undefined || !binaryTypes.has(type.base) || type.array) return null;
  // Without its modifier, so that a value too long is refused by the column and not cut here.
  return `CAST(${value === null ? 'NULL' : quoteLiteral(value)} AS ${textual.has(type.base) ? 'text' : type.base})`;
}
