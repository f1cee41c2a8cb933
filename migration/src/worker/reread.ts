import { codeOf, type Side } from '@strangler-toolkit/plan';
import { withConnection } from '../database/connect.ts';
import { mappingsOf, tableName } from '../mapping/compiled-mapping.ts';
import { pause } from '../pause.ts';
import { keysOfLeaf, verify } from '../verify/index.ts';
import type { Scope } from './identity-watch.ts';
import { type RereadOptions, sendRows } from './send-rows.ts';

/**
 * Compares while the stream goes on, and sends each row that differs as its owner has it, until none is left. Rows are mended
 * as they are found, so memory does not grow with their number.
 * @throws StranglerError SCHEMA_CHANGED when the other side does not take a row, CANCELLED, STREAM_CLOSED, DB_*
 */
export async function reread(options: RereadOptions, scopes: readonly Scope[]): Promise<void> {
  for (const scope of scopes) {
    // Rows that never stood still may hold values that no event brought.
    while ((await rereadOnce(options, scope)) > 0) {
      await pause(1000, options.signal);
      options.signal.throwIfAborted();
    }
  }
}

/** @returns how many rows nothing can be said of yet */
async function rereadOnce(options: RereadOptions, scope: Scope): Promise<number> {
  if (scope.of !== 'leaf') return rereadTables(options, scope);
  try {
    return await rereadLeaf(options, scope);
  } catch (error) {
    // A role may read a table and not its partitions.
    if (codeOf(error) !== '42501') throw error;
    return rereadTables(options, { of: 'table', table: scope.table });
  }
}

async function rereadTables(
  options: RereadOptions,
  scope: Exclude<Scope, { of: 'leaf' }>,
): Promise<number> {
  let open = 0;
  for (const table of options.mapping.tables) {
    const name = tableName(table.monolith);
    if (scope.of === 'table' && scope.table !== name) continue;
    const compared = await verify({
      ...options,
      mapping: { ...options.mapping, tables: [table] },
      parallel: 1,
      onDiffering: async (rows) => {
        const keys = rows.map(({ key }) => ({ table: name, key }));
        open += await sendRows(options, keys);
      },
    });
    open += compared.unsettled;
  }
  return open;
}

async function rereadLeaf(
  options: RereadOptions,
  { table: name, side, oid }: { readonly table: string; readonly side: Side; readonly oid: string },
): Promise<number> {
  let open = 0;
  const url = side === 'monolith' ? options.monolithUrl : options.serviceUrl;
  await withConnection(url, { applicationName: 'strangler-reread' }, async (client) => {
    for (const table of mappingsOf(options.mapping, name))
      for await (const keys of keysOfLeaf(client, table, { side, oid })) {
        const compared = await verify({
          ...options,
          keys: keys.map((key) => ({ table: name, key })),
        });
        open += compared.unsettled;
        const differing = compared.tables
          .flatMap((found) => found.differing)
          .map(({ key }) => ({ table: name, key }));
        if (differing.length > 0) open += await sendRows(options, differing);
      }
  });
  return open;
}
