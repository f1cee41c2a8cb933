import type { Client } from 'pg';
import { StranglerError } from '../errors.ts';
import { replicationNames } from '../stream/names.ts';
import { type MoveGuard, guarded } from './move-guard.ts';
import type { Direction } from './move-plan.ts';
import { from, type MoveStep, to } from './move-state.ts';
import { dropSlotAndReader } from './slots.ts';

export async function databaseName(client: Client): Promise<string> {
  const { rows } = await client.query<{ name: string }>('SELECT current_database() AS name');
  return rows[0]?.name ?? '';
}

/** Slot and publication of a direction that nobody reads any more. Idempotent. */
export async function dropStream(client: Client, context: string, direction: Direction, guard: MoveGuard | undefined): Promise<{ slot: string; was: 'dropped' | 'absent' }> {
  const names = replicationNames(context, direction, await databaseName(client));
  return guarded(client, guard, async () => {
    const was = await dropSlotAndReader(client, names.slot, 5000);
    if (was === 'in use') throw new StranglerError('SLOT_BUSY', `slot ${names.slot} is still read and its reader cannot be ended; it pins WAL until it is dropped`);
    await client.query(`DROP PUBLICATION IF EXISTS ${client.escapeIdentifier(names.publication)}`);
    return { slot: names.slot, was };
  });
}

/**
 * The origin of a direction that nobody applies any more: a server has room for few (max_active_replication_origins). Whoever
 * still applies keeps it, and the next stream makes it anew, so a drop that fails or comes late harms nothing.
 */
export async function dropOrigin(target: Client, context: string, direction: Direction): Promise<'dropped' | 'absent' | 'kept'> {
  const { origin } = replicationNames(context, direction, await databaseName(target));
  try {
    const { rowCount } = await target.query('SELECT pg_replication_origin_drop(roname) FROM pg_replication_origin WHERE roname = $1', [origin]);
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
    const dropped = await dropStream(await from(move), move.definition.context, move.plan.closing, move.guard);
    return { ...dropped, origin: await dropOrigin(await to(move), move.definition.context, move.plan.closing) };
  },
  async dryRun(move) {
    const client = await from(move);
    return { slot: replicationNames(move.definition.context, move.plan.closing, await databaseName(client)).slot };
  },
};
