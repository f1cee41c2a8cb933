import type { MigrationDefinition, Side, StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import type { TableCatalog } from '../database/catalog.ts';
import type { Identity } from '../identity/identity.ts';
import { readIdentity } from '../identity/read-identity.ts';
import type { CompiledMapping } from '../mapping/compiled-mapping.ts';
import { examineMapping } from '../mapping/examine-mapping.ts';
import { readCatalogs } from '../mapping/load.ts';
import { isOpen, lookAround, type OpenQuestion } from '../surroundings/index.ts';

/** What a table is called and what its columns are called, by the numbers that a rename leaves alone. */
export interface NamedShape {
  readonly oid: string;
  readonly name: string;
  readonly columns: Readonly<Record<string, string>>;
}

/** What a context's mapping finds in both databases at one moment, one of which is about to change. */
export interface SchemaState {
  readonly problems: readonly StranglerError[];
  readonly mapping: CompiledMapping;
  readonly identity: Identity;
  readonly open: readonly OpenQuestion[];
  /** Mapped tables of the side that changes. */
  readonly catalogs: readonly TableCatalog[];
  /** Every table of that side. */
  readonly shapes: readonly NamedShape[];
}

async function readShapes(client: pg.Client): Promise<NamedShape[]> {
  const { rows } = await client.query<{ oid: string; name: string; columns: string }>(
    `SELECT c.oid::text AS oid, n.nspname || '.' || c.relname AS name,
       (SELECT coalesce(json_object_agg(a.attnum, a.attname), '{}') FROM pg_attribute a
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)::text AS columns
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')`,
  );
  return rows.map((row) => ({
    ...row,
    columns: JSON.parse(row.columns) as Record<string, string>,
  }));
}

/** @throws StranglerError DB_* */
export async function readState(
  definition: MigrationDefinition,
  side: Side,
  clients: Readonly<Record<Side, pg.Client>>,
  neighbours: readonly MigrationDefinition[] = [],
): Promise<SchemaState> {
  const { monolith, service } = clients;
  const { mapping, problems } = await examineMapping(definition, monolith, service);
  const catalogs = await readCatalogs(definition, monolith, service);
  return {
    problems,
    mapping,
    // Nobody publishes from a database that is about to be looked at.
    identity: await readIdentity({
      monolith,
      service,
      mapping,
      direction: 'forward',
      publication: '',
    }),
    open: (await lookAround(definition, monolith, service, neighbours)).filter(isOpen),
    catalogs: catalogs[side],
    shapes: await readShapes(clients[side]),
  };
}
