import {
  directionFrom,
  isStranglerError,
  type MigrationDefinition,
  StranglerError,
} from '@strangler-toolkit/plan';
import type { ContextRow } from '../control/index.ts';
import { retryText, workerRetry } from '../findings/worker-retry.ts';
import { contextTables, dropStream, requireSidesAgree } from '../cutover/index.ts';
import { databaseName } from '../database/connect.ts';
import { deleteOurs } from '../mapping/our-rows.ts';
import { dropDeadLettersOfStream } from '../replica/dead-letters.ts';
import { endCopy, forgetCopyUnderWay } from '../replica/copies.ts';
import { applying } from '../replica/fences.ts';
import { noteOwner } from '../replica/owners.ts';
import { installReplicaSchema } from '../replica/schema.ts';
import { forgetIdentities } from '../replica/identities.ts';
import { forgetStream, openStreamRow } from '../replica/streams.ts';
import { beginHistory } from '../stream/source/history.ts';
import { createSlot, ensurePublication, replicationNames } from '../stream/source/index.ts';
import { withStreamLock } from '../stream/source/stream-lock.ts';
import type { ForceOptions } from './gated-move.ts';
import { readUnder } from './references.ts';
import type { Toolkit } from './toolkit.ts';

/** A service that went back to an earlier state is what a restart mends; a control database that did is not. */
async function requireNothingNewer(kit: Toolkit, definition: MigrationDefinition): Promise<void> {
  try {
    await requireSidesAgree({
      definition,
      control: await kit.control(),
      ...kit.databaseUrls(definition),
    });
  } catch (error) {
    if (isStranglerError(error) && error.code === 'SIDE_FELL_BACK') {
      if (error.details.side === 'service') return;
    }
    throw error;
  }
}

/** Empties what replication wrote, so that the worker finds no position and copies anew. */
async function forgetCopy(
  kit: Toolkit,
  definition: MigrationDefinition,
  row: ContextRow,
  { force, reason }: ForceOptions,
): Promise<void> {
  const control = await kit.control();
  await kit.withLease(definition.context, 'restart', async (lease) => {
    const refusal = await readUnder(kit, definition);
    if (refusal !== undefined && !force) throw refusal;
    if (refusal !== undefined && !reason)
      throw new StranglerError('USAGE', '--force needs --reason "why", which is journaled');
    await requireNothingNewer(kit, definition);
    const url = kit.databaseUrl(definition, 'monolith');
    await kit.withDatabase(definition, 'monolith', (client) =>
      dropStream(
        { context: definition.context, direction: 'forward', url, client },
        kit.transport(definition),
        undefined,
      ),
    );
    await lease.check();
    // Before the rows go: while the old watermark stands, facades call the emptied tables fresh and send reads there.
    await control.watermarks.remove(definition.context, 'forward');
    // What was verified is about to be thrown away.
    await control.evidence.forget(definition.context, 'verification');
    await kit.withDatabase(definition, 'service', async (client) => {
      await installReplicaSchema(client);
      await client.query('BEGIN');
      await client.query(applying({ local: true }));
      // In this transaction: a side that knows itself as owner is never emptied, whatever the control database says.
      await noteOwner(client, definition.context, { ...row, startLsn: null });
      const stream = { context: definition.context, direction: 'forward' } as const;
      await forgetStream(client, stream);
      await endCopy(client, definition.context);
      await forgetIdentities(client, definition.context);
      await dropDeadLettersOfStream(client, stream);
      for (const table of contextTables(definition).service)
        await client.query(deleteOurs(table, table.rows?.[0]));
      await forgetCopyUnderWay(client, definition.context);
      await client.query('COMMIT');
    });
    await control.journal.append({
      context: definition.context,
      actor: kit.actor,
      step: 'restart',
      status: 'done',
      ...(refusal !== undefined && { detail: { reason, readers: refusal.details.readers } }),
    });
  });
}

/**
 * The stream back begins anew at the end of the service's log: whatever the service lost, or wrote while nothing followed it,
 * stays different until it is repaired. So what was verified counts no more, and nothing is emptied: the monolith's rows are
 * the way back.
 */
async function restartReverse(
  kit: Toolkit,
  definition: MigrationDefinition,
  row: ContextRow,
): Promise<void> {
  const control = await kit.control();
  const { context } = definition;
  const transport = kit.transport(definition);
  const url = kit.databaseUrl(definition, 'service');
  await kit.withLease(context, 'restart', async (lease) => {
    await requireNothingNewer(kit, definition);
    await control.evidence.forget(context, 'verification');
    await control.watermarks.remove(context, 'reverse');
    await kit.withDatabase(definition, 'service', async (client) => {
      const source = { context, direction: 'reverse', url, client } as const;
      await dropStream(source, transport, undefined);
      await lease.check();
      const names = replicationNames(context, 'reverse', databaseName(url));
      const tables = [...contextTables(definition).service, ...transport.ownTables];
      await installReplicaSchema(client);
      const history = await beginHistory(source, undefined);
      const position = await withStreamLock(source, 'session', async () => {
        await transport.announce(source);
        await ensurePublication(client, names.publication, tables);
        return (await createSlot(client, names.slot)).position;
      });
      await kit.withDatabase(definition, 'monolith', async (target) => {
        await installReplicaSchema(target);
        await target.query('BEGIN');
        await noteOwner(target, context, { ...row, startLsn: null });
        const stream = { context, direction: 'reverse' } as const;
        await forgetStream(target, stream);
        await forgetIdentities(target, context);
        await openStreamRow(target, stream, { epoch: BigInt(row.epoch), position, history });
        await target.query('COMMIT');
      });
    });
    await control.journal.append({
      context,
      actor: kit.actor,
      step: 'restart',
      status: 'done',
      detail: { direction: 'reverse' },
    });
  });
  kit.tell('restart', `compare both sides now: strangler verify ${context}`, 'note');
}

/** @throws StranglerError MOVE_NOT_ALLOWED, WORKER_ALREADY_RUNNING */
export async function requireIdle(
  kit: Toolkit,
  definition: MigrationDefinition,
): Promise<ContextRow> {
  const control = await kit.control();
  const row = await control.contexts.require(definition.context);
  if (row.stage === 'monolith')
    throw new StranglerError(
      'MOVE_NOT_ALLOWED',
      `--restart needs a running replication (stage is ${row.stage}, owner ${row.owner})`,
    );
  const watermark = await control.watermarks.get(definition.context, directionFrom(row.owner));
  if (watermark?.workerAlive)
    throw new StranglerError(
      'WORKER_ALREADY_RUNNING',
      `A worker of ${definition.context} is alive (heartbeat ${watermark.heartbeatAgeSeconds.toFixed(1)} s ago)`,
      { remedy: 'Stop it first, then run --restart.' },
    );
  const retry = watermark && workerRetry(watermark);
  if (retry?.heard)
    throw new StranglerError(
      'WORKER_ALREADY_RUNNING',
      `A worker of ${definition.context} failed with ${retry.code} and ${retryText(retry)}`,
      { remedy: 'Stop it first, then run --restart; once it is stopped, nothing tries again.' },
    );
  return row;
}

/**
 * What `replicate --restart` does before the worker begins.
 * @throws StranglerError MOVE_NOT_ALLOWED, GATE_REFUSED, WORKER_ALREADY_RUNNING, CONTROL_FELL_BACK
 */
export async function restart(
  kit: Toolkit,
  definition: MigrationDefinition,
  options: ForceOptions = {},
): Promise<void> {
  const row = await requireIdle(kit, definition);
  if (row.owner === 'monolith') await forgetCopy(kit, definition, row, options);
  else await restartReverse(kit, definition, row);
}
