import { type Side, StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { parseTableName } from '../database/identifiers.ts';
import type { FindingKind } from '../findings/kinds.ts';

interface Found {
  wanted: string;
  kind: string;
  unlogged: string | null;
  foreign_parts: string | null;
  children: string | null;
  hidden: string;
  forced: string;
  owned: string;
  user_name: string;
}

/** Parts of a partition tree count as the table: their rows are read through it. */
const query = `
SELECT w.wanted, c.relkind AS kind, current_user AS user_name,
       (SELECT string_agg(p.oid::regclass::text, ', ') FROM parts p WHERE p.root = c.oid AND p.relpersistence <> 'p') AS unlogged,
       (SELECT string_agg(p.oid::regclass::text, ', ') FROM parts p WHERE p.root = c.oid AND p.relkind = 'f' AND p.oid <> c.oid)
         AS foreign_parts,
       (SELECT string_agg(i.inhrelid::regclass::text, ', ') FROM pg_inherits i WHERE i.inhparent = c.oid AND c.relkind = 'r') AS children,
       row_security_active(c.oid) AS hidden, c.relforcerowsecurity AS forced, pg_has_role(c.relowner, 'USAGE') AS owned
FROM unnest($1::text[], $2::text[], $3::text[]) AS w(wanted, s, t)
JOIN pg_namespace n ON n.nspname = w.s JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.t`;
const withParts = `
WITH parts AS (
  SELECT r.oid AS root, p.oid, p.relkind, p.relpersistence
  FROM unnest($2::text[], $3::text[]) AS w(s, t)
  JOIN pg_namespace n ON n.nspname = w.s JOIN pg_class r ON r.relnamespace = n.oid AND r.relname = w.t
  JOIN LATERAL (SELECT relid FROM pg_partition_tree(r.oid) UNION SELECT r.oid) tree(relid) ON true
  JOIN pg_class p ON p.oid = tree.relid
)${query}`;

const kinds: Readonly<Record<string, string>> = {
  v: 'a view',
  m: 'a materialized view',
  f: 'a foreign table',
  S: 'a sequence',
  i: 'an index',
  c: 'a composite type',
};

/** A table as the context file writes it, and the line that names it. */
export interface NamedTable {
  readonly name: string;
  readonly line: string;
}

/**
 * Refuses tables whose rows cannot be seen whole, or whose changes are not in the log: a copy and a comparison would both miss
 * the same rows and find nothing.
 * @throws StranglerError TABLE_KIND, ROW_POLICY naming the line of the context file
 */
export async function refuseTables(
  client: pg.Client,
  side: Side,
  named: readonly NamedTable[],
): Promise<void> {
  const names = named.map(({ name }) => parseTableName(name));
  const { rows } = await client.query<Found>(withParts, [
    named.map(({ name }) => name),
    names.map(({ schema }) => schema),
    names.map(({ table }) => table),
  ]);
  for (const found of rows) {
    const line = named.find(({ name }) => name === found.wanted)?.line ?? '';
    const where = `${line}: ${found.wanted} in the ${side}'s database`;
    const details = { table: found.wanted, side };
    const refuse = (finding: FindingKind, message: string, remedy: string): never => {
      throw new StranglerError('TABLE_KIND', `${where} ${message}`, {
        remedy,
        details: { ...details, finding },
      });
    };
    const kind = kinds[found.kind];
    if (kind !== undefined)
      refuse('relation', `is ${kind}: its changes are not in the log`, 'Map the table behind it.');
    if (found.unlogged !== null)
      refuse(
        'unlogged',
        `has rows that are not logged (${found.unlogged}): their changes never reach a stream`,
        `ALTER TABLE ${found.unlogged.split(', ')[0]} SET LOGGED, then run the command again.`,
      );
    if (found.foreign_parts !== null)
      refuse(
        'foreign partitions',
        `has foreign partitions (${found.foreign_parts}): their changes are not in this log`,
        'Detach them, or move their rows into partitions of this database.',
      );
    if (found.children !== null)
      refuse(
        'inheritance',
        `has tables that inherit from it (${found.children}): a read of it shows their rows, its stream does not`,
        'Make them partitions of the table, or move their rows into it.',
      );
    if (found.hidden === 't')
      throw new StranglerError(
        'ROW_POLICY',
        `${where} has row policies that hide rows from ${found.user_name}: copy and comparison would both miss them`,
        {
          details: { ...details, finding: 'row policy' satisfies FindingKind },
          remedy:
            `ALTER ROLE ${client.escapeIdentifier(found.user_name)} BYPASSRLS` +
            (found.forced === 't' && found.owned === 't'
              ? `, or ALTER TABLE ${found.wanted} NO FORCE ROW LEVEL SECURITY (${found.user_name} owns it)`
              : ''),
        },
      );
  }
}
