import { quoteIdentifier } from '../database/identifiers.ts';
import { pathLiteral } from '../mapping/conversions/json-field.ts';
import { type FieldValue, mergeFields } from '../mapping/merge-fields.ts';
import { conditionSql } from '../mapping/row-condition.ts';
import { castOf, quoted, valueOf, type WriteTarget } from './write-target.ts';

/** Every statement takes one array per column (the extras one text each, after them) and writes many rows. */

/** Types that an array reads exactly as a cast from text does, and cheaper. Elsewhere (arrays, domains, lengths) text is cast. */
const readAsArray = new Set([
  'smallint',
  'integer',
  'bigint',
  'numeric',
  'real',
  'double precision',
  'boolean',
  'text',
  'character varying',
  'uuid',
  'date',
  'timestamp without time zone',
  'timestamp with time zone',
  'time without time zone',
  'json',
  'jsonb',
  'bytea',
]);

/** `input(c1, c2 …)`: the rows, in the table's types. Text is converted where only the server can. */
function inputRows(target: WriteTarget, columns: readonly string[]): string {
  const types = columns.map((column) => {
    const type = target.castTypes.get(column) ?? 'text';
    return target.converted.has(column) || !readAsArray.has(type) ? null : type;
  });
  const arrays = types.map((type, index) => `$${index + 1}::${type ?? 'text'}[]`).join(', ');
  const casts = columns
    .map((column, index) => {
      const name = quoteIdentifier(column);
      return types[index] === null
        ? `${valueOf(target, column, `raw.${name}`)} AS ${name}`
        : `raw.${name}`;
    })
    .join(', ');
  return `(SELECT ${casts} FROM unnest(${arrays}) AS raw(${quoted(columns)}))`;
}

const sameKey = (target: WriteTarget, left: string, right: string): string =>
  target.key
    .map((column) => `${left}.${quoteIdentifier(column)} = ${right}.${quoteIdentifier(column)}`)
    .join(' AND ');

/** Beside a row's key: that it is one of ours. */
const ours = ({ where }: WriteTarget, row?: string): string =>
  where === undefined ? '' : ` AND ${conditionSql(where, row)}`;

const everyOne = ({ where }: WriteTarget): string =>
  where === undefined ? '' : ` WHERE ${conditionSql(where)}`;

const settable = (target: WriteTarget, columns: readonly string[]): string[] =>
  columns.filter((column) => !target.key.includes(column) && !target.fixed.has(column));

/** Per column of the table its value, from that of each column that is written; `row`: what holds the one that is there. */
function valuesFor(
  { fields }: WriteTarget,
  columns: readonly string[],
  {
    value,
    row,
  }: { readonly value: (column: string, own: string) => string; readonly row: string | null },
): (readonly [string, string])[] {
  const single = columns
    .filter((column) => !fields.has(column))
    .map((column): [string, string] => [column, value(column, column)]);
  const gathered = new Map<string, { document: string; parts: FieldValue[] }>();
  for (const name of columns) {
    const field = fields.get(name);
    if (field === undefined) continue;
    const { column, path, empty } = field;
    const document = row === null ? empty : `${row}${quoteIdentifier(column)}`;
    const known = gathered.get(column) ?? { document, parts: [] };
    known.parts.push({ path, value: value(name, column) });
    gathered.set(column, known);
  }
  return [
    ...single,
    ...[...gathered].map(
      ([column, { document, parts }]) => [column, mergeFields(document, parts)] as const,
    ),
  ];
}

const setText = (values: readonly (readonly [string, string])[]): string =>
  values.map(([column, value]) => `${quoteIdentifier(column)} = ${value}`).join(', ');

const assignments = (target: WriteTarget, columns: readonly string[], from: string): string =>
  setText(
    valuesFor(target, columns, {
      row: 'target.',
      value: (column, own) => {
        const field = from === 'EXCLUDED' ? target.fields.get(column) : undefined;
        return field === undefined
          ? `${from}.${quoteIdentifier(column)}`
          : `(EXCLUDED.${quoteIdentifier(own)} #> ${pathLiteral(field.path)})`;
      },
    }),
  );

function newRow(
  target: WriteTarget,
  columns: readonly string[],
): { readonly names: string; readonly values: string } {
  const extras = [...target.extras.keys()];
  const own = valuesFor(target, columns, {
    row: null,
    value: (column) => `input.${quoteIdentifier(column)}`,
  });
  return {
    names: quoted([...own.map(([column]) => column), ...extras]),
    values: [
      ...own.map(([, value]) => value),
      ...extras.map((column, index) =>
        castOf(target, column, `$${columns.length + index + 1}::text`),
      ),
    ].join(', '),
  };
}

export function putStatement(target: WriteTarget, columns: readonly string[]): string {
  const { names, values } = newRow(target, columns);
  const changes = settable(target, columns);
  const insert = `INSERT INTO ${target.name} AS target (${names}) OVERRIDING SYSTEM VALUE SELECT ${values} FROM`;
  if (target.unique) {
    // what is not ours is passed over, and who counts notices; so a row that is ours must count
    const set =
      changes.length === 0 && target.where
        ? target.key.filter((key) => !target.fixed.has(key))
        : changes;
    const action =
      set.length === 0
        ? 'NOTHING'
        : `UPDATE SET ${assignments(target, set, 'EXCLUDED')}${target.where ? ` WHERE ${conditionSql(target.where, 'target')}` : ''}`;
    return `${insert} ${inputRows(target, columns)} AS input ON CONFLICT (${quoted(target.conflict ?? target.key)}) DO ${action}`;
  }
  // no unique index: the stream's lock keeps other appliers out, so looking first is safe
  const update =
    changes.length === 0
      ? ''
      : `, changed AS (UPDATE ${target.name} AS target SET ${assignments(target, changes, 'input')} FROM ` +
        `input WHERE ${sameKey(target, 'target', 'input')})`;
  return (
    `WITH input AS MATERIALIZED ${inputRows(target, columns)}${update} ${insert} input WHERE NOT ` +
    `EXISTS (SELECT FROM ${target.name} AS target WHERE ${sameKey(target, 'target', 'input')})`
  );
}

/** The rows that are not there; needs the key's unique index. */
export function addStatement(target: WriteTarget, columns: readonly string[]): string {
  const { names, values } = newRow(target, columns);
  return (
    `INSERT INTO ${target.name} AS target (${names}) OVERRIDING SYSTEM VALUE SELECT ${values} ` +
    `FROM ${inputRows(target, columns)} AS input ON CONFLICT (${quoted(target.conflict ?? target.key)}) DO NOTHING`
  );
}

export function patchStatement(target: WriteTarget, columns: readonly string[]): string {
  const changes = settable(target, columns);
  // touching the key keeps the count of rows that exist
  const set =
    changes.length === 0
      ? assignments(
          target,
          target.key.filter((column) => !target.fixed.has(column)),
          'input',
        )
      : assignments(target, changes, 'input');
  return (
    `UPDATE ${target.name} AS target SET ${set} FROM ${inputRows(target, columns)} AS input WHERE ` +
    `${sameKey(target, 'target', 'input')}${ours(target, 'target')}`
  );
}

export const deleteStatement = (
  target: WriteTarget,
  columns: readonly string[] = target.key,
): string =>
  `DELETE FROM ${target.name} AS target USING ${inputRows(target, columns)} AS input ` +
  `WHERE ${sameKey(target, 'target', 'input')}${ours(target, 'target')}`;

const derivedValue = (index: number): string => quoteIdentifier(`strangler derived ${index}`);

/**
 * Sets the columns that follow from the rest of a row, in the rows of these keys, or in all where no columns are given. They
 * were written before, because an expression may look at any column of the row. Rows that hold it already are left alone.
 */
export function deriveStatement(target: WriteTarget, keys: readonly string[]): string {
  const derived = [...target.derived];
  const values = derived.map(
    ([column, expression], index) =>
      `${castOf(target, column, `(${expression}\n)`)} AS ${derivedValue(index)}`,
  );
  const set = derived.map(
    ([column], index) => `${quoteIdentifier(column)} = computed.${derivedValue(index)}`,
  );
  const stale = derived.map(
    ([column], index) =>
      `target.${quoteIdentifier(column)}::text IS DISTINCT FROM computed.${derivedValue(index)}::text`,
  );
  const rows =
    keys.length === 0
      ? ''
      : ` WHERE (${quoted(keys)}) IN (SELECT ${quoted(keys, 'input.')} FROM ${inputRows(target, keys)} AS input)`;
  return (
    `UPDATE ${target.name} AS target SET ${set.join(', ')} FROM (SELECT ${quoted(target.key)}, ${values.join(', ')} ` +
    `FROM ${target.name}${rows}) AS computed WHERE ${sameKey(target, 'target', 'computed')}${ours(target, 'target')} ` +
    `AND (${stale.join(' OR ')})`
  );
}

/** One row; the old key's values come after the columns' values, all as plain text. */
export function rekeyStatement(target: WriteTarget, columns: readonly string[]): string {
  const set = valuesFor(
    target,
    columns.filter((column) => !target.fixed.has(column)),
    {
      row: '',
      value: (column) => valueOf(target, column, `$${columns.indexOf(column) + 1}::text`),
    },
  );
  const where = target.key.map(
    (column, index) =>
      `${quoteIdentifier(column)} = ${castOf(target, column, `$${columns.length + index + 1}::text`)}`,
  );
  return `UPDATE ${target.name} SET ${setText(set)} WHERE ${where.join(' AND ')}${ours(target)}`;
}

/** DELETE, not TRUNCATE: readers with a snapshot keep their rows, and foreign keys of other tables do not refuse it. */
export const emptyStatement = (target: WriteTarget): string =>
  `DELETE FROM ${target.name}${everyOne(target)}`;

/** `terms`: as rows of the monolith call them. */
export const clearStatement = (target: WriteTarget, terms: readonly string[]): string => {
  const columns = target.inputs.filter(({ from }) => terms.includes(from));
  const values = valuesFor(
    target,
    columns.map(({ column }) => column),
    { row: '', value: () => 'NULL' },
  );
  return `UPDATE ${target.name} SET ${setText(values)}${everyOne(target)}`;
};
