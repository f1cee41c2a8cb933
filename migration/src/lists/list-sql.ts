import { quoteIdentifier, quoteTable } from '../database/identifiers.ts';
import type { CompiledList } from '../mapping/compiled-mapping.ts';

/** Queries over a list. What they work on has the parent's key as k1, k2 …, and where a list belongs to it, `list`. */

const keyName = (index: number): string => `k${index + 1}`;
export const keyNames = ({ key }: CompiledList, prefix = ''): string =>
  key.map((_, index) => `${prefix}${keyName(index)}`).join(', ');

const column = (of: string, name: string): string => `${of}.${quoteIdentifier(name)}`;
const literal = (text: string | null): string =>
  text === null ? 'NULL' : `'${text.replaceAll("'", "''")}'`;

/** Beside a row `c` of the list's table or a row `p` of the parent: that it is of this key. */
const sameRows = ({ key }: CompiledList, of: string): string =>
  key.map(([from], index) => `${column('c', from)} = ${of}.${keyName(index)}`).join(' AND ');
const sameParent = ({ key }: CompiledList, of: string): string =>
  key.map(([, to], index) => `${column('p', to)} = ${of}.${keyName(index)}`).join(' AND ');

export const keysOfRows = ({ key }: CompiledList, from: string): string =>
  `SELECT ${key.map(([own], index) => `c.${quoteIdentifier(own)} AS ${keyName(index)}`).join(', ')} FROM ${from} AS c`;
export const keysOfParents = ({ key }: CompiledList, from: string, more = ''): string =>
  `SELECT ${key.map(([, to], index) => `p.${quoteIdentifier(to)} AS ${keyName(index)}`).join(', ')}${more} FROM ${from} AS p`;

export const parentTable = ({ parent }: CompiledList): string => quoteTable(parent);
export const rowsTable = ({ rows }: CompiledList): string => quoteTable(rows);
export const emptyList = ({ form }: CompiledList): string => (form === 'array' ? `'{}'` : `'[]'`);

/** In the order of the rows: by position, and by key where two have one. */
const inOrder = ({ position, rowKey }: CompiledList): string =>
  [...new Set([position, ...rowKey])].map((name) => column('c', name)).join(', ');

/** What the rows of these keys make: `list` beside each key. */
function listsOfRows(list: CompiledList, keys: string): string {
  const { form, value, position } = list;
  const aggregate = form === 'array' ? 'array_agg' : 'jsonb_agg';
  return (
    `SELECT ${keyNames(list, 't.')}, coalesce(${aggregate}(${column('c', value)} ORDER BY ${inOrder(list)}) ` +
    `FILTER (WHERE ${column('c', position)} IS NOT NULL), ${emptyList(list)}) AS list\n` +
    `  FROM (${keys}) AS t LEFT JOIN ${rowsTable(list)} AS c ON ${sameRows(list, 't')} GROUP BY ${keyNames(list, 't.')}`
  );
}

/** Gives the parents of these keys the arrays that their rows make. */
export function rebuildStatement(list: CompiledList, keys: string): string {
  const own = column('p', list.column);
  return (
    `UPDATE ${parentTable(list)} AS p SET ${quoteIdentifier(list.column)} = made.list\n` +
    `  FROM (${listsOfRows(list, keys)}) AS made\n` +
    `  WHERE ${sameParent(list, 'made')} AND ${own}::text COLLATE "C" IS DISTINCT FROM made.list::text COLLATE "C"`
  );
}

/** Parents whose array is another than their rows make: their keys as text, in the parent's order. */
export const differingParents = (list: CompiledList): string =>
  `FROM ${parentTable(list)} AS p JOIN (${listsOfRows(list, keysOfParents(list, parentTable(list)))}) AS made ON ` +
  `${sameParent(list, 'made')} WHERE ${column('p', list.column)}::text COLLATE "C" IS DISTINCT FROM made.list::text COLLATE "C"`;

/** Whoever writes rows of one parent waits for whoever else does: each makes the array of what the others committed. */
export const lockParents = (list: CompiledList, keys: string): string =>
  `PERFORM 1 FROM ${parentTable(list)} AS p WHERE (${list.key.map(([, to]) => column('p', to)).join(', ')}) IN (${keys})\n` +
  `  ORDER BY ${list.key.map(([, to]) => column('p', to)).join(', ')} FOR NO KEY UPDATE`;

export const deleteRowsOf = (list: CompiledList, keys: string): string =>
  `DELETE FROM ${rowsTable(list)} AS c WHERE (${list.key.map(([from]) => column('c', from)).join(', ')}) IN (${keys})`;

/** Of a written array: its elements, one of them as text, a row's value as such a text, and an element as a row's value. */
const parts = {
  array: {
    elements: 'unnest(w.list)',
    element: 'e.value::text',
    standing: (value: string) => `${value}::text`,
    value: () => 'e.value',
  },
  jsonb: {
    elements: `jsonb_array_elements(CASE jsonb_typeof(w.list) WHEN 'array' THEN w.list ELSE '[]' END)`,
    element: 'e.value::text',
    standing: (value: string) => `coalesce(to_jsonb(${value}), 'null')::text`,
    value: (type: string) => `(e.value #>> '{}')::${type}`,
  },
} as const;

/**
 * Rows from the first one on that is another than the written array's element in its place. Rows and elements lie in one heap and
 * are told apart by windows over it: plans are made for the first statement of a session, of one row, and a join that was good
 * for it looks at each element of a long list for each of its rows; a list that goes along with its rows is as long as its square.
 */
export function deleteBehind(list: CompiledList, written: string): string {
  const { rowKey, value, form } = list;
  const { elements, element, standing } = parts[form];
  const names = rowKey.map((_, index) => `r${index + 1}`).join(', ');
  const named = rowKey.map((name, index) => `${column('c', name)} AS r${index + 1}`).join(', ');
  const none = rowKey
    .map((name) => `(NULL::${rowsTable(list)}).${quoteIdentifier(name)}`)
    .join(', ');
  const keys = keyNames(list);
  return (
    `DELETE FROM ${rowsTable(list)} AS c USING (\n` +
    `    SELECT ${names}, is_row, bool_or(NOT alike) OVER (PARTITION BY ${keys} ORDER BY n) AS goes\n` +
    `    FROM (SELECT ${names}, is_row, ${keys}, n, count(*) OVER (PARTITION BY ${keys}, n, value COLLATE "C") = 2 AS alike\n` +
    `          FROM (SELECT ${named}, true AS is_row, ${keyNames(list, 'w.')}, ${standing(column('c', value))} AS value,\n` +
    `                       row_number() OVER (PARTITION BY ${keyNames(list, 'w.')} ORDER BY ${inOrder(list)}) AS n\n` +
    `                FROM (${written}) AS w JOIN ${rowsTable(list)} AS c ON ${sameRows(list, 'w')}\n` +
    `                UNION ALL SELECT ${none}, false, ${keyNames(list, 'w.')}, ${element}, e.n\n` +
    `                FROM (${written}) AS w CROSS JOIN LATERAL ${elements} WITH ORDINALITY AS e (value, n)) AS both_of_them) AS paired\n` +
    `  ) AS standing WHERE is_row AND goes AND ${rowKey.map((name, index) => `${column('c', name)} = r${index + 1}`).join(' AND ')}`
  );
}

/** Rows of the written arrays' elements that have none, behind those that stayed. */
export function insertBehind(list: CompiledList, written: string): string {
  const { key, position, first, value, valueType, constants, form } = list;
  const { elements, value: valueOf } = parts[form];
  const given: (readonly [string, string])[] = [
    ...key.map(([from], index) => [from, `w.${keyName(index)}`] as const),
    ...(first === null ? [] : [[position, 'kept.last + e.n - kept.rows'] as const]),
    [value, valueOf(valueType)],
    ...Object.entries(constants).map(([name, text]) => [name, literal(text)] as const),
  ];
  return (
    `INSERT INTO ${rowsTable(list)} (${given.map(([name]) => quoteIdentifier(name)).join(', ')})\n` +
    `  SELECT ${given.map(([, from]) => from).join(', ')} FROM (${written}) AS w\n` +
    `    CROSS JOIN LATERAL (SELECT count(*) AS rows, coalesce(max(${column('c', position)}), ${(first ?? 1) - 1}) AS last\n` +
    `                          FROM ${rowsTable(list)} AS c WHERE ${sameRows(list, 'w')}) AS kept\n` +
    `    CROSS JOIN LATERAL ${elements} WITH ORDINALITY AS e (value, n)\n` +
    `  WHERE e.n > kept.rows ORDER BY ${keyNames(list, 'w.')}, e.n`
  );
}

/**
 * Parents (keys) with the arrays that they have by now: a statement that writes rows beside them, or a trigger of the service's,
 * may have been there before.
 */
export const standingLists = (list: CompiledList, keys: string): string =>
  `${keysOfParents(list, parentTable(list), `, ${column('p', list.column)} AS list`)} ` +
  `WHERE (${list.key.map(([, to]) => column('p', to)).join(', ')}) IN (${keys})`;

/** Parents whose array came (of `come`) and is none that they had before (of `gone`): their keys. */
export function changedParents(list: CompiledList): string {
  const [array, keys] = [column('p', list.column), keyNames(list)];
  const of = (from: string, come: boolean): string =>
    keysOfParents(list, from, `, ${array}::text COLLATE "C" AS list, ${come} AS is_new`);
  return (
    `SELECT ${keys} FROM (${of('come', true)} UNION ALL ${of('gone', false)}) AS both_of_them\n` +
    `    GROUP BY ${keys}, list HAVING bool_and(is_new)`
  );
}

/** Of the written arrays those that the rows do not give back: their keys. */
export function unkeptKeys(list: CompiledList, written: string): string {
  const keys = keyNames(list);
  const made = listsOfRows(list, `SELECT ${keys} FROM (${written}) AS written`);
  return (
    `SELECT ${keys} FROM (SELECT ${keys}, list::text COLLATE "C" AS list FROM (${made}) AS made\n` +
    `    UNION ALL SELECT ${keys}, list::text COLLATE "C" FROM (${written}) AS w) AS both_of_them\n` +
    `  GROUP BY ${keys} HAVING min(list) <> max(list) LIMIT 1`
  );
}
