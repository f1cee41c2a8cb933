import { isStranglerError, type MigrationDefinition } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { readTable, type TableCatalog } from '../database/catalog.ts';
import { parseTableName } from '../database/identifiers.ts';
import { compileMapping } from './compile-mapping.ts';
import type { CompiledMapping } from './compiled-mapping.ts';

/** Reads the catalogs of the tables that the context names and compiles its mapping against them. */
export async function loadMapping(
  definition: MigrationDefinition,
  monolith: pg.Client,
  service: pg.Client,
): Promise<CompiledMapping> {
  const tables = definition.tables ?? [];
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
  return compileMapping(definition, monolithTables, serviceTables);
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
