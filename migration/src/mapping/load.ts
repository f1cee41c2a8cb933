import { isStranglerError, type MigrationDefinition } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { readTable, type TableCatalog } from '../database/catalog.ts';
import { parseTableName } from '../database/identifiers.ts';
import { compileMapping } from './compile-mapping.ts';
import type { CompiledMapping } from './compiled-mapping.ts';
import { readCrossingKeys } from './crossing-keys.ts';
import { refuseServers } from './refuse-servers.ts';
import { refuseTables } from './refuse-tables.ts';

/**
 * Reads the catalogs of the tables that the context names and compiles its mapping against them.
 * @throws StranglerError naming the line of the context file: TABLE_KIND, ROW_POLICY, and what compiling throws
 */
export async function loadMapping(
  definition: MigrationDefinition,
  monolith: pg.Client,
  service: pg.Client,
): Promise<CompiledMapping> {
  const tables = definition.tables ?? [];
  const file = `contexts/${definition.context}`;
  await Promise.all([
    refuseTables(
      monolith,
      'monolith',
      tables.map((table, index) => ({
        name: table.monolith,
        line: `${file}: tables[${index}].monolith`,
      })),
    ),
    refuseTables(
      service,
      'service',
      tables.flatMap((table, index) =>
        table.service.map((part, at) => ({
          name: part.table,
          line: `${file}: tables[${index}].service[${at}].table`,
        })),
      ),
    ),
  ]);
  const [monolithTables, serviceTables] = await Promise.all([
    readTables(
      monolith,
      tables.map((table) => table.monolith),
    ),
    readTables(
      service,
      tables.flatMap((table) => table.service.map((part) => part.table)),
    ),
  ]);
  const compiled = compileMapping(definition, monolithTables, serviceTables);
  await refuseServers(compiled, monolith, service);
  return {
    ...compiled,
    crossing: [
      ...(await readCrossingKeys(monolith, 'monolith', monolithTables, definition)),
      ...(await readCrossingKeys(service, 'service', serviceTables, definition)),
    ],
  };
}

async function readTables(client: pg.Client, names: readonly string[]): Promise<TableCatalog[]> {
  const catalogs: TableCatalog[] = [];
  for (const name of new Set(names)) {
    try {
      catalogs.push(await readTable(client, parseTableName(name)));
    } catch (error) {
      // compiling tells which line of the context file names it
      if (!isStranglerError(error) || error.code !== 'TABLE_MISSING') throw error;
    }
  }
  return catalogs;
}
