import { isStranglerError, type MigrationDefinition, type Side } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { readTable, type TableCatalog } from '../database/catalog.ts';
import { parseTableName } from '../database/identifiers.ts';
import { compileMapping } from './compile-mapping.ts';
import type { CompiledMapping } from './compiled-mapping.ts';
import { type CrossingKey, readCrossingKeys } from './crossing-keys.ts';
import { refuseExpressions } from './refuse-expressions.ts';
import { refuseFunctions } from './refuse-functions.ts';
import { refuseServers } from './refuse-servers.ts';
import { type NamedTable, refuseTables } from './refuse-tables.ts';

export type Catalogs = Readonly<Record<Side, readonly TableCatalog[]>>;

/**
 * Reads the catalogs of the tables that the context names and compiles its mapping against them.
 * @throws StranglerError naming the line of the context file: TABLE_KIND, ROW_POLICY, and what compiling throws
 */
export async function loadMapping(
  definition: MigrationDefinition,
  monolith: pg.Client,
  service: pg.Client,
): Promise<CompiledMapping> {
  const named = namedTables(definition);
  await Promise.all([
    refuseTables(monolith, 'monolith', named.monolith),
    refuseTables(service, 'service', named.service),
  ]);
  const catalogs = await readCatalogs(definition, monolith, service);
  const compiled = compileMapping(definition, catalogs.monolith, catalogs.service);
  await refuseServers(compiled, monolith, service);
  await refuseExpressions(compiled, monolith);
  await refuseFunctions(compiled, { monolith, service });
  return { ...compiled, crossing: await readBorder(definition, catalogs, { monolith, service }) };
}

/** Every table that the context file names, with the line that does. */
export function namedTables(definition: MigrationDefinition): Record<Side, NamedTable[]> {
  const tables = definition.tables ?? [];
  const file = `contexts/${definition.context}`;
  return {
    monolith: tables.map((table, index) => ({
      name: table.monolith,
      line: `${file}: tables[${index}].monolith`,
    })),
    service: tables.flatMap((table, index) =>
      table.service.map((part, at) => ({
        name: part.table,
        line: `${file}: tables[${index}].service[${at}].table`,
      })),
    ),
  };
}

export async function readCatalogs(
  definition: MigrationDefinition,
  monolith: pg.Client,
  service: pg.Client,
): Promise<Catalogs> {
  const named = namedTables(definition);
  const [monolithTables, serviceTables] = await Promise.all([
    readTables(monolith, named.monolith),
    readTables(service, named.service),
  ]);
  return { monolith: monolithTables, service: serviceTables };
}

/** The foreign keys across the border, on both sides. */
export const readBorder = async (
  definition: MigrationDefinition,
  catalogs: Catalogs,
  clients: Readonly<Record<Side, pg.Client>>,
): Promise<CrossingKey[]> => [
  ...(await readCrossingKeys(clients.monolith, 'monolith', catalogs.monolith, definition)),
  ...(await readCrossingKeys(clients.service, 'service', catalogs.service, definition)),
];

async function readTables(
  client: pg.Client,
  named: readonly NamedTable[],
): Promise<TableCatalog[]> {
  const catalogs: TableCatalog[] = [];
  for (const name of new Set(named.map((one) => one.name))) {
    try {
      catalogs.push(await readTable(client, parseTableName(name)));
    } catch (error) {
      // compiling tells which line of the context file names it
      if (!isStranglerError(error) || error.code !== 'TABLE_MISSING') throw error;
    }
  }
  return catalogs;
}
