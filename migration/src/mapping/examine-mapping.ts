import {
  isOneWay,
  isStranglerError,
  mappedColumns,
  type MigrationDefinition,
  type StranglerError,
} from '@strangler-toolkit/plan';
import type pg from 'pg';
import { parseTableName } from '../database/identifiers.ts';
import { compileColumn } from './compile-column.ts';
import { withLists } from './compile-list.ts';
import { compileTable } from './compile-mapping.ts';
import type { CompiledMapping, CompiledTable } from './compiled-mapping.ts';
import { sharedTables, withOthers } from './shared-tables.ts';
import { refuseOverlaps } from './refuse-overlaps.ts';
import { refuseExpressions } from './refuse-expressions.ts';
import { refuseFunctions } from './refuse-functions.ts';
import { namedTables, readBorder, readCatalogs } from './load.ts';
import { serverProblems } from './refuse-servers.ts';
import { refuseTables } from './refuse-tables.ts';

export interface ExaminedMapping {
  /** The tables that compile. */
  readonly mapping: CompiledMapping;
  /** Everything that loading would refuse, not only the first. */
  readonly problems: readonly StranglerError[];
}

/** As `loadMapping`, for a person who wants to know all that is wrong at once. */
export async function examineMapping(
  definition: MigrationDefinition,
  monolith: pg.Client,
  service: pg.Client,
): Promise<ExaminedMapping> {
  const problems: StranglerError[] = [];
  const attempt = async <T>(work: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!isStranglerError(error)) throw error;
      problems.push(error);
      return undefined;
    }
  };
  const named = namedTables(definition);
  for (const one of named.monolith) await attempt(() => refuseTables(monolith, 'monolith', [one]));
  for (const one of named.service) await attempt(() => refuseTables(service, 'service', [one]));
  const catalogs = await readCatalogs(definition, monolith, service);
  const tables: CompiledTable[] = [];
  for (const [index, table] of (definition.tables ?? []).entries()) {
    const line = `contexts/${definition.context}: tables[${index}]`;
    const from = catalogs.monolith.find((one) => isNamed(one, table.monolith));
    for (const [at, part] of table.service.entries()) {
      const to = catalogs.service.find((one) => isNamed(one, part.table));
      if (from === undefined || to === undefined) continue;
      for (const mapped of mappedColumns(part))
        await attempt(() =>
          compileColumn({ monolith: from, service: to }, mapped, `${line}.service[${at}]`),
        );
    }
    // What is refused by name already would only be told in other words.
    if (problems.some(({ message }) => message.startsWith(`${line}.`))) continue;
    const compiled = await attempt(() =>
      compileTable(table, line, {
        ...catalogs,
        comesBack: !isOneWay(definition.data),
        shared: sharedTables(definition),
      }),
    );
    if (compiled !== undefined) tables.push(compiled);
  }
  await attempt(() => refuseOverlaps(tables));
  const whole = withOthers(tables);
  const compiled =
    // a table that does not compile is told already
    tables.length === definition.tables?.length
      ? await attempt(() => withLists(definition, whole, !isOneWay(definition.data)))
      : undefined;
  const mapping = {
    context: definition.context,
    tables: compiled ?? whole,
    crossing: await readBorder(definition, catalogs, { monolith, service }),
  };
  problems.push(...(await serverProblems(mapping, monolith, service)));
  await attempt(() => refuseExpressions(mapping, monolith));
  await attempt(() => refuseFunctions(mapping, { monolith, service }));
  return { mapping, problems };
}

function isNamed(
  table: { readonly schema: string; readonly table: string },
  name: string,
): boolean {
  const wanted = parseTableName(name);
  return table.schema === wanted.schema && table.table === wanted.table;
}
