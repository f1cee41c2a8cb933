import type pg from 'pg';
import { displayTable, parseTableName, type TableName } from '../database/identifiers.ts';
import { columnName, type SequenceUse } from './id-questions.ts';

const query = `
SELECT format('%I.%I', sn.nspname, s.relname) AS sequence,
       json_agg(json_build_object('schema', n.nspname, 'table', c.relname, 'column', a.attname)) AS columns
FROM pg_attrdef d
JOIN pg_depend p ON p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid AND p.refclassid = 'pg_class'::regclass
JOIN pg_class s ON s.oid = p.refobjid AND s.relkind = 'S'
JOIN pg_namespace sn ON sn.oid = s.relnamespace
JOIN pg_class c ON c.oid = d.adrelid AND NOT c.relispartition
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
GROUP BY 1`;

/** Which columns of a database draw from which sequence, by their defaults. */
export async function sequenceUses(client: pg.Client): Promise<SequenceUse[]> {
  const { rows } = await client.query<{ sequence: string; columns: string }>(query);
  return rows.map((row) => ({
    sequence: displayTable(parseTableName(row.sequence)),
    columns: (JSON.parse(row.columns) as (TableName & { column: string })[]).map(columnName).sort(),
  }));
}
