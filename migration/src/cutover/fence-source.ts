import { codeOf, StranglerError } from '@strangler-toolkit/plan';
import type { Client } from 'pg';
import { quoteTable } from '../database/identifiers.ts';
import { FENCE_REFUSED, fenceMark, tryingFence } from '../replica/fences.ts';
import { installReplicaSchema } from '../replica/schema.ts';
import { installFence, removeFence } from './fence.ts';
import { fenceStatus } from './fence-status.ts';
import type { FencedTable } from './fence-tables.ts';
import {
  type FenceMarks,
  from,
  type MoveState,
  type MoveStep,
  timeLeft,
  to,
} from './move-state.ts';
import { runningWriters } from '../database/running-writers.ts';
import { newOwner, tellOldOwnerFirst } from './tell-old-owner.ts';

/**
 * Statements that write no row still meet statement triggers and privileges: the fence is tried, not assumed. What fires for rows
 * meets none of them, and to look for a row of ours takes as long as the table is large: there its triggers are looked at.
 */
async function tryFence(
  client: Client,
  context: string,
  tables: readonly FencedTable[],
): Promise<void> {
  const byRow = tables.filter(({ rows }) => rows !== undefined);
  if (byRow.length > 0) {
    const { open, mode } = await fenceStatus(client, context, byRow);
    if (open.length > 0 || mode !== 'refuse')
      throw new StranglerError('INTERNAL', `the fence on ${open.join(', ')} is ${mode}`);
  }
  await tryingFence(client, async () => {
    for (const table of tables) {
      if (table.rows !== undefined) continue;
      const refused = await client.query(`DELETE FROM ${quoteTable(table)} WHERE false`).then(
        () => false,
        (error: unknown) => codeOf(error) === FENCE_REFUSED,
      );
      if (!refused)
        throw new StranglerError('INTERNAL', `the fence on ${quoteTable(table)} lets writes pass`);
    }
  });
}

const fenceMarks = async (move: MoveState): Promise<FenceMarks> => ({
  from: await fenceMark(await from(move), move.definition.context),
  to: await fenceMark(await to(move), move.definition.context),
});

/**
 * Before the owner changes: a fence that was opened and closed again (ALTER TABLE … DISABLE TRIGGER ALL, as restore scripts do)
 * let writes pass that came after the stop position, and nobody would ever apply them.
 * @throws StranglerError FENCE_OPENED, LEASE_LOST
 */
export async function assertFencesHeld(move: MoveState): Promise<void> {
  const before = move.fenceMarks;
  if (before === undefined) return;
  const now = await fenceMarks(move);
  const opened = (['from', 'to'] as const).filter((end) => now[end] !== before[end]);
  if (opened.length === 0) return;
  // Who slept while others moved the fence was overtaken: that is what it has to hear.
  await move.lease.check();
  const sides = opened.map((end) => move.plan[end]);
  throw new StranglerError(
    'FENCE_OPENED',
    `${move.definition.context}: somebody changed the triggers of the fence on the ${sides.join(' and the ')} while it had to ` +
      `stand: writes may have passed it`,
    { details: { sides } },
  );
}

export const fenceSource: MoveStep = {
  name: 'fence-source',
  phase: 'before',
  async execute(move) {
    const client = await from(move);
    const { context } = move.definition;
    // Attempts that could not end before the hold must are not begun.
    const budget = timeLeft(move, Number.MAX_SAFE_INTEGER);
    const fits = Math.max(1, Math.floor(budget / (move.settings.fenceLockTimeoutMs + 250)));
    const installed = await installFence(
      client,
      { context, tables: move.tables.from, owner: move.plan.to, mode: 'refuse' },
      {
        guard: move.guard,
        lockTimeoutMs: move.settings.fenceLockTimeoutMs,
        attempts: Math.min(move.settings.fenceAttempts, fits),
        signal: move.signal,
        prepared: true,
      },
    );
    await move.onStep({ step: 'fence-source', moment: 'middle' });
    await tryFence(client, context, move.tables.from);
    move.fenceMarks = await fenceMarks(move);
    return {
      tables: installed.tables,
      attempts: installed.attempts,
      waitedMs: Math.round(installed.milliseconds),
    };
  },
  async dryRun(move) {
    const client = await from(move);
    return {
      tables: move.tables.from.map((table) => `${table.schema}.${table.table}`),
      writers: await runningWriters(client, move.tables.from),
    };
  },
  async undo(move) {
    const client = await from(move);
    const { context } = move.definition;
    await installReplicaSchema(client);
    const options = {
      guard: move.guard,
      lockTimeoutMs: move.settings.fenceLockTimeoutMs,
      attempts: 20,
      note: { context, owner: move.plan.from, epoch: move.epoch, startLsn: null },
    };
    if (move.sourceFence === 'audit')
      await installFence(
        client,
        {
          context,
          tables: move.tables.from,
          owner: move.plan.from,
          mode: 'audit',
          epoch: move.epoch,
        },
        options,
      );
    else await removeFence(client, context, options);
    return { sourceFence: move.sourceFence };
  },
};

/**
 * The new owner's tables take writes from here on; the old owner's stay fenced, as target of the stream that begins. The old
 * owner is told first: whatever the control database says later, nobody can open it again in the name of the old epoch.
 */
export const unfenceTarget: MoveStep = {
  name: 'unfence-target',
  phase: 'after',
  async execute(move) {
    await tellOldOwnerFirst(move);
    const note = await newOwner(move);
    const opening = await to(move);
    await installReplicaSchema(opening);
    const lifted = await removeFence(opening, note.context, {
      guard: move.guard,
      lockTimeoutMs: move.settings.fenceLockTimeoutMs,
      attempts: 20,
      note,
    });
    return { tables: lifted.tables };
  },
  async dryRun(move: MoveState) {
    return {
      fence: (await fenceStatus(await to(move), move.definition.context, move.tables.to)).mode,
    };
  },
};
