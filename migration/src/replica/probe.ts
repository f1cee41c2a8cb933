import type { Direction } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { hasTable, replicaSchema } from './schema.ts';

export const probeTable = { schema: replicaSchema, table: 'probe' } as const;

export const isProbe = ({ schema, table }: { schema: string; table: string }): boolean =>
  schema === probeTable.schema && table === probeTable.table;

/** A committed change that the publication carries: it pushes the stream past everything before it. */
export async function writeProbe(
  client: pg.Client,
  context: string,
  direction: Direction,
  marker: string,
): Promise<void> {
  await client.query(
    `INSERT INTO strangler.probe (context, direction, marker, at) VALUES ($1, $2, $3, clock_timestamp())
     ON CONFLICT (context, direction) DO UPDATE SET marker = excluded.marker, at = excluded.at`,
    [context, direction, marker],
  );
}

export async function readProbe(
  client: pg.Client,
  context: string,
  direction: Direction,
): Promise<string | undefined> {
  const { rows } = await client.query<{ marker: string }>(
    'SELECT marker::text AS marker FROM strangler.probe WHERE context = $1 AND direction = $2',
    [context, direction],
  );
  return rows[0]?.marker;
}

/** Markers of both directions; also in a database that never had any. */
export async function forgetProbes(client: pg.ClientBase, context: string): Promise<void> {
  if (await hasTable(client, 'probe'))
    await client.query('DELETE FROM strangler.probe WHERE context = $1', [context]);
}
