import { inServiceNames, type MigrationDefinition, type Side } from '@strangler-toolkit/plan';
import { parseTableName, quoteTable } from '../database/identifiers.ts';
import type { FencedTable } from './fence-tables.ts';

export function contextTables({
  tables = [],
}: MigrationDefinition): Record<Side, readonly FencedTable[]> {
  const known = (name: string): string => quoteTable(parseTableName(name));
  const distinct = (names: readonly string[]): FencedTable[] => [
    ...new Map(names.map((name) => [known(name), parseTableName(name)])).values(),
  ];
  return {
    monolith: distinct(tables.map(({ monolith }) => monolith)).map((table) => {
      const rows = tables
        .filter(({ monolith }) => known(monolith) === quoteTable(table))
        .map(({ where }) => where);
      const meant = rows.filter((where) => where !== undefined);
      // one without a condition takes them all
      return meant.length < rows.length ? table : { ...table, rows: meant };
    }),
    service: distinct(tables.flatMap(({ service }) => service.map(({ table }) => table))).map(
      (table) => {
        const both = tables.find(
          ({ append, service }) =>
            append !== undefined && known(service[0].table) === quoteTable(table),
        );
        const rows = both && inServiceNames(both);
        return rows === undefined ? table : { ...table, rows: [rows] };
      },
    ),
  };
}
