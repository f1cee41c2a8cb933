import { createHash } from 'node:crypto';
import { quoteIdentifier, quoteLiteral, quoteTable } from '../database/identifiers.ts';
import { type CompiledList, tableName } from '../mapping/compiled-mapping.ts';
import { replicaSchema } from '../replica/schema.ts';
import {
  changedParents,
  deleteBehind,
  deleteRowsOf,
  emptyList,
  insertBehind,
  keyNames,
  keysOfParents,
  keysOfRows,
  lockParents,
  parentTable,
  rebuildStatement,
  rowsTable,
  standingLists,
  unkeptKeys,
} from './list-sql.ts';

/** SQLSTATE of an array that rows cannot give back. */
const LIST_REFUSED = 'SF004';

export interface ListFunctions {
  readonly names: readonly [rows: string, column: string];
  /** Of both: whose list they keep, and that this release made them so. */
  readonly comment: string;
  /** On each of both tables. */
  readonly triggers: number;
  /** Makes both functions and their triggers, in the caller's transaction. */
  readonly sql: string;
  /** Gives both functions this comment. */
  readonly note: (comment: string) => string;
}

const placeOf = ({ parent, column }: CompiledList): string => `${tableName(parent)}.${column}`;

/** One setting per list: a list within a list has work of its own to do. */
const begin = (busy: string): string => `
  IF current_setting('strangler.copying', true) = 'on' OR current_setting(${quoteLiteral(busy)}, true) = 'on' THEN RETURN NULL; END IF;
  PERFORM set_config(${quoteLiteral(busy)}, 'on', true);`;
const end = (busy: string): string => `
  PERFORM set_config(${quoteLiteral(busy)}, '', true);
  RETURN NULL;
END`;

/** Rows were written, by replication or by the service: the array follows. */
function rowsBody(list: CompiledList, busy: string): string {
  const array = quoteIdentifier(list.column);
  const [gone, come] = [keysOfRows(list, 'gone'), keysOfRows(list, 'come')];
  const follow = (keys: string): string =>
    `${lockParents(list, keys)};\n    ${rebuildStatement(list, `SELECT DISTINCT * FROM (${keys}) AS keys`)};`;
  return `BEGIN${begin(busy)}
  IF TG_OP = 'INSERT' THEN
    ${follow(come)}
  ELSIF TG_OP = 'DELETE' THEN
    ${follow(gone)}
  ELSIF TG_OP = 'UPDATE' THEN
    ${follow(`${gone} UNION ${come}`)}
  ELSE
    UPDATE ${parentTable(list)} SET ${array} = ${emptyList(list)} WHERE ${array}::text <> ${emptyList(list)};
  END IF;${end(busy)}`;
}

/** A parent was written: by replication, its rows say what its array is; by the service, its array says what its rows are. */
function columnBody(list: CompiledList, busy: string): string {
  const place = placeOf(list);
  const array = quoteIdentifier(list.column);
  const [gone, come] = [keysOfParents(list, 'gone'), keysOfParents(list, 'come')];
  const filled = `${come} WHERE p.${array}::text <> ${emptyList(list)}`;
  const write = (
    keys: string,
    written = standingLists(list, keys),
  ): string => `PERFORM 1 FROM (${keys}) AS w LIMIT 1;
      IF FOUND THEN
        ${deleteBehind(list, written)};
        ${insertBehind(list, written)};
        SELECT concat_ws(', ', ${keyNames(list)}) INTO wrong FROM (${unkeptKeys(list, written)}) AS unkept;
        IF FOUND THEN
          RAISE EXCEPTION '% % cannot be kept as rows of %', ${quoteLiteral(place)}, wrong, ${quoteLiteral(tableName(list.rows))}
            USING ERRCODE = '${LIST_REFUSED}', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, COLUMN = ${quoteLiteral(list.column)},
                  HINT = 'Rows give back one plain list of ${list.valueType.replaceAll("'", "''")}, counted from 1.';
        END IF;
      END IF;`;
  return `DECLARE wrong text;
BEGIN${begin(busy)}
  IF current_setting('strangler.applying', true) = 'on' THEN
    IF TG_OP = 'INSERT' THEN
      ${rebuildStatement(list, come)};
    ELSIF TG_OP = 'UPDATE' THEN
      ${rebuildStatement(list, `${come} EXCEPT ${gone}`)};
    END IF;
  ELSIF TG_OP = 'INSERT' THEN
    ${rebuildStatement(list, `${come} WHERE p.${array}::text = ${emptyList(list)}`)};
      ${write(filled)}
  ELSIF TG_OP = 'UPDATE' THEN
    ${deleteRowsOf(list, `${gone} EXCEPT ${come}`)};
      ${write(changedParents(list))}
  ELSIF TG_OP = 'DELETE' THEN
    ${deleteRowsOf(list, gone)};
  ELSE
    DELETE FROM ${rowsTable(list)};
  END IF;${end(busy)}`;
}

const events = [
  ['INSERT', 'REFERENCING NEW TABLE AS come'],
  ['UPDATE', 'REFERENCING OLD TABLE AS gone NEW TABLE AS come'],
  ['DELETE', 'REFERENCING OLD TABLE AS gone'],
  ['TRUNCATE', ''],
] as const;

/**
 * For each statement, with its rows: an apply writes thousands of them in one. In the rights of whoever writes: who may write the
 * one must be able to write the other.
 */
export function listFunctions(context: string, list: CompiledList): ListFunctions {
  const id = createHash('md5').update(placeOf(list)).digest('hex').slice(0, 12);
  const busy = `${replicaSchema}.list_${id}`;
  const names = [`list_${id}_rows`, `list_${id}_column`] as const;
  const bodies = [
    [names[0], rowsBody(list, busy), list.rows],
    [names[1], columnBody(list, busy), list.parent],
  ] as const;
  const sql = bodies.map(([name, body, table]) => {
    const made = quoteTable({ schema: replicaSchema, table: name });
    return [
      `CREATE FUNCTION ${made}() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS ${quoteLiteral(body)};`,
      ...events.map(([event, rows]) => {
        const trigger = `strangler_list_${id}_${event.toLowerCase()}`;
        return (
          `CREATE TRIGGER ${trigger} AFTER ${event} ON ${quoteTable(table)} ${rows} FOR EACH STATEMENT EXECUTE FUNCTION ${made}();\n` +
          `ALTER TABLE ${quoteTable(table)} ENABLE ALWAYS TRIGGER ${trigger};`
        );
      }),
    ].join('\n');
  });
  const version = createHash('md5').update(sql.join('\n')).digest('hex');
  const comment = commentOf(context, version);
  const note = (text: string): string =>
    names
      .map(
        (name) =>
          `COMMENT ON FUNCTION ${quoteTable({ schema: replicaSchema, table: name })}() IS ${quoteLiteral(text)};`,
      )
      .join('\n');
  return { names, comment, triggers: events.length, sql: sql.join('\n'), note };
}

export const commentOf = (context: string, version: string): string =>
  `list of ${context} ${version}`;
