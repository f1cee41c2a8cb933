import { type Direction, StranglerError } from '@strangler-toolkit/plan';
import type { Client } from 'pg';
import { withStreamLock } from '../stream/source/stream-lock.ts';
import { replicationNames } from '../stream/source/replication-names.ts';
import type { StreamSource, Transport } from '../stream/transport.ts';
import { forgetMarks } from '../replica/marks.ts';
import { type MoveGuard, guarded } from '../replica/move-guards.ts';
import { from, type MoveStep, moveSource, to } from './move-state.ts';
import { dropSlotAndReader } from './slots.ts';
import { tellOldOwner } from './tell-old-owner.ts';

export async function databaseName(client: Client): Promise<string> {
  const { rows } = await client.query<{ name: string }>('SELECT current_database() AS name');
  return rows[0]?.name ?? '';
}

/**
 * What carried a direction, its slot and its publication, once nobody needs them any more. Idempotent. The transport first:
 * a connector that still runs would make the slot again. All in one transaction that holds the claim, so a mover that was
 * overtaken learns it before it reads the name of the stream that it would remove.
 */
export async function dropStream(
  source: StreamSource,
  transport: Transport,
  guard: MoveGuard | undefined,
): Promise<{ slot: string; was: 'dropped' | 'absent' }> {
  const { client, context, direction } = source;
  const names = replicationNames(context, direction, await databaseName(client));
  return guarded(client, guard, () =>
    withStreamLock(source, 'transaction', async () => {
      // Whoever falls asleep in here must not keep others from the claim for ever.
      await client.query(`SET LOCAL idle_in_transaction_session_timeout = '90s'`);
      await transport.remove(source);
      const was = await dropSlotAndReader(client, names.slot, 5000);
      if (was === 'in use')
        throw new StranglerError(
          'SLOT_BUSY',
          `slot ${names.slot} is still read and its reader cannot be ended; it pins WAL until it is dropped`,
        );
      await client.query(
        `DROP PUBLICATION IF EXISTS ${client.escapeIdentifier(names.publication)}`,
      );
      await forgetMarks(client, source);
      return { slot: names.slot, was };
    }),
  );
}

/**
 * The origin of a direction that nobody applies any more: a server has room for few (max_active_replication_origins). Whoever
 * still applies keeps it, and the next stream makes it anew, so a drop that fails or comes late harms nothing.
 */
export async function dropOrigin(
  target: Client,
  context: string,
  direction: Direction,
): Promise<'dropped' | 'absent' | 'kept'> {
  const { origin } = replicationNames(context, direction, await databaseName(target));
  try {
    const { rowCount } = await target.query(
      'SELECT pg_replication_origin_drop(roname) FROM pg_replication_origin WHERE roname = $1',
      [origin],
    );
    return rowCount ? 'dropped' : 'absent';
  } catch {
    return 'kept';
  }
}

/** Last of all, when writes flow again: the worker has followed the new epoch, or is made to. */
export const dropOldStream: MoveStep = {
  name: 'drop-old-stream',
  phase: 'after',
  async execute(move) {
    await tellOldOwner(move);
    const dropped = await dropStream(await moveSource(move, 'closing'), move.transport, move.guard);
    return {
      ...dropped,
      origin: await dropOrigin(await to(move), move.definition.context, move.plan.closing),
    };
  },
  async dryRun(move) {
    const client = await from(move);
    return {
      slot: replicationNames(move.definition.context, move.plan.closing, await databaseName(client))
        .slot,
    };
  },
};
