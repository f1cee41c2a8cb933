import { codeOf, StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { databaseFailure } from '../../database/failures.ts';
import {
  displayTable,
  quoteIdentifier,
  quoteTable,
  type TableName,
} from '../../database/identifiers.ts';

export interface PublicationChange {
  readonly created: boolean;
  /** Tables that were not in the publication and are now; changes they had before were not streamed. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Options, row filters or column lists that somebody had changed, and that were set back. */
  readonly corrected: boolean;
}

interface PublicationRow {
  whole: string;
  tables: string;
}

const current = `
SELECT (p.pubinsert AND p.pubupdate AND p.pubdelete AND p.pubtruncate AND p.pubviaroot AND NOT p.puballtables
        AND NOT EXISTS (SELECT FROM pg_publication_rel r WHERE r.prpubid = p.oid
          AND (to_jsonb(r) ->> 'prqual' IS NOT NULL OR to_jsonb(r) ->> 'prattrs' IS NOT NULL))) AS whole,
       coalesce((SELECT json_agg(json_build_object('schema', n.nspname, 'table', c.relname))
         FROM pg_publication_rel r JOIN pg_class c ON c.oid = r.prrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                 WHERE r.prpubid = p.oid), '[]') AS tables
FROM pg_publication p WHERE p.pubname = $1`;

const options = `publish = 'insert, update, delete, truncate', publish_via_partition_root = true`;

/** What would change, without changing it. `null`: the publication does not exist. */
export async function publicationDifference(
  client: pg.Client,
  name: string,
  tables: readonly TableName[],
): Promise<PublicationChange | null> {
  const row = (await client.query<PublicationRow>(current, [name])).rows[0];
  if (!row) return null;
  const present = new Set((JSON.parse(row.tables) as TableName[]).map(displayTable));
  const wanted = new Set(tables.map(displayTable));
  return {
    created: false,
    added: [...wanted].filter((table) => !present.has(table)),
    removed: [...present].filter((table) => !wanted.has(table)),
    corrected: row.whole !== 't',
  };
}

/** Tables that inherit from a mapped one are published under their own names, which no mapping knows: their changes would vanish. */
async function refuseChildren(
  client: pg.Client,
  name: string,
  tables: readonly TableName[],
): Promise<void> {
  const children = (await publicationDifference(client, name, tables))?.removed ?? [];
  if (children.length === 0) return;
  throw new StranglerError(
    'CONFIG_INVALID',
    `${children.join(', ')} of database ${client.database ?? ''} inherit from mapped tables: ` +
      `their changes come under their own names, which cannot be mapped to one table`,
    {
      remedy: 'Make them partitions of the table, or move their rows into it.',
      details: { tables: children },
    },
  );
}

/** Makes the publication, or makes it what it should be; says what it changed. Runs again without harm. */
export async function ensurePublication(
  client: pg.Client,
  name: string,
  tables: readonly TableName[],
): Promise<PublicationChange> {
  const list = tables.map(quoteTable).join(', ');
  try {
    const difference = await publicationDifference(client, name, tables);
    if (!difference) {
      await client.query(
        `CREATE PUBLICATION ${quoteIdentifier(name)} FOR TABLE ${list} WITH (${options})`,
      );
      await refuseChildren(client, name, tables);
      return { created: true, added: tables.map(displayTable), removed: [], corrected: false };
    }
    if (difference.added.length > 0 || difference.removed.length > 0 || difference.corrected) {
      await client.query(`ALTER PUBLICATION ${quoteIdentifier(name)} SET TABLE ${list}`);
      await client.query(`ALTER PUBLICATION ${quoteIdentifier(name)} SET (${options})`);
      await refuseChildren(client, name, tables);
    }
    return difference;
  } catch (error) {
    // Another process made it between our look and our try.
    if (codeOf(error) === '42710' || codeOf(error) === '23505')
      return ensurePublication(client, name, tables);
    throw databaseFailure(
      error,
      `Cannot publish ${tables.map(displayTable).join(', ')} as ${name} (needs to own the ` +
        `tables and GRANT CREATE ON DATABASE ${client.database ?? ''} TO ` +
        `${client.user ?? 'the role'})`,
    );
  }
}

export async function dropPublication(client: pg.Client, name: string): Promise<void> {
  try {
    await client.query(`DROP PUBLICATION IF EXISTS ${quoteIdentifier(name)}`);
  } catch (error) {
    throw databaseFailure(error, `Cannot drop publication ${name}`);
  }
}
