import type pg from 'pg';
import { hasTable } from './schema.ts';
import type { StreamKey } from './streams.ts';

/** As it was stored: what it holds is known to the room identity/. */
interface StoredIdentity<Identity> {
  readonly epoch: number;
  readonly identity: Identity;
}

/** What a direction's rows rest on, on the side that has them; undefined when nobody ever wrote it down. */
export async function readIdentityRow<Identity>(
  client: pg.Client,
  { context, direction }: StreamKey,
): Promise<StoredIdentity<Identity> | undefined> {
  // A database that no worker of this release has seen.
  if (!(await hasTable(client, 'identities'))) return undefined;
  const { rows } = await client.query<{ epoch: string; identity: string }>(
    `SELECT epoch::text AS epoch, identity::text AS identity FROM strangler.identities
      WHERE context = $1 AND direction = $2`,
    [context, direction],
  );
  const row = rows[0];
  return row && { epoch: Number(row.epoch), identity: JSON.parse(row.identity) as Identity };
}

/** An older epoch never overwrites a newer one. */
export async function writeIdentityRow(
  client: pg.Client,
  { context, direction }: StreamKey,
  { epoch, identity }: StoredIdentity<object>,
): Promise<void> {
  await client.query(
    `INSERT INTO strangler.identities AS known (context, direction, epoch, identity) VALUES ($1, $2, $3, $4::jsonb)
     ON CONFLICT (context, direction) DO UPDATE
       SET epoch = excluded.epoch, identity = excluded.identity, at = clock_timestamp()
     WHERE known.epoch <= excluded.epoch`,
    [context, direction, epoch, JSON.stringify(identity)],
  );
}

/** The rows are about to be thrown away, or nothing is replicated any more; also in a database that never had any. */
export async function forgetIdentities(client: pg.ClientBase, context: string): Promise<void> {
  if (await hasTable(client, 'identities'))
    await client.query('DELETE FROM strangler.identities WHERE context = $1', [context]);
}
