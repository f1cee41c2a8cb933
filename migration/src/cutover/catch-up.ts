import { StranglerError } from '@strangler-toolkit/plan';
import { replicationNames } from '../stream/source/replication-names.ts';
import {
  type Detail,
  from,
  type MoveState,
  type MoveStep,
  moveSource,
  timeLeft,
  to,
  until,
} from './move-state.ts';
import { guarded } from '../replica/move-guards.ts';
import { databaseName } from './old-stream.ts';
import { referencesPassed, referencesSeen } from './references-passed.ts';
import { insertLsn } from '../database/current-lsn.ts';
import { lsnFromText, lsnToText } from '../database/lsn.ts';
import { countOpenDeadLetters } from '../replica/dead-letters.ts';
import { writeProbe } from '../replica/probe.ts';
import { closeStreamAt, readStreamRow, reopenStream } from '../replica/streams.ts';

const stopOf = (move: MoveState): string => {
  if (move.stop === undefined)
    throw new StranglerError('INTERNAL', 'the stop position is not known');
  return move.stop;
};

/**
 * Taken only now, under the fence: every write to the tables has committed, so its commit record lies before this
 * position. The probe commits behind it and travels through the same publication, so an applied position at or past `stop`
 * means that everything before it is applied; an idle source cannot leave us waiting either.
 */
export const takeStopPosition: MoveStep = {
  name: 'stop-position',
  phase: 'before',
  async execute(move) {
    const client = await from(move);
    move.stop = await insertLsn(client);
    await move.onStep({ step: 'stop-position', moment: 'middle' });
    await writeProbe(client, move.definition.context, move.plan.closing, move.moveId);
    return { stop: move.stop };
  },
  dryRun: async (move) => ({ now: await insertLsn(await from(move)) }),
};

export const catchUp: MoveStep = {
  name: 'catch-up',
  phase: 'before',
  async execute(move) {
    const client = await to(move);
    const stop = stopOf(move);
    const wanted = lsnFromText(stop);
    const began = performance.now();
    const limit = timeLeft(move, move.settings.catchUpTimeoutMs);
    let last = 'no position';
    const position = await until(move, limit, async () => {
      const row = await readStreamRow(client, move.definition.context, move.plan.closing);
      if (row === null) return undefined;
      last = lsnToText(row.position);
      return row.position >= wanted ? last : undefined;
    });
    if (position === undefined) {
      throw new StranglerError(
        'CATCH_UP_TIMEOUT',
        `the worker stands at ${last} and did not reach ${stop} within ${Math.round(limit)} ms`,
        { details: { stop, position: last } },
      );
    }
    const left = (): number => Math.max(0, limit - (performance.now() - began));
    const references = await referencesPassed(move, stop, left());
    const rest = await applyRest(move, left());
    const waitedMs = Math.round(performance.now() - began);
    return { stop, position, ...references, ...rest, waitedMs };
  },
  async dryRun(move) {
    const row = await readStreamRow(await to(move), move.definition.context, move.plan.closing);
    if (!row)
      throw new StranglerError(
        'CATCH_UP_TIMEOUT',
        `the ${move.plan.to} has no position of the ${move.plan.closing} stream`,
      );
    const references = await referencesSeen(move);
    return { position: lsnToText(row.position), state: row.state, ...references };
  },
};

/**
 * Transactions are applied whole and in commit order, so the position has said it all. The transport is asked all the same
 * whether something of our tables is left in it: that proof does not rest on our own reading of the stream. Where the source
 * believes we stand is told and not waited for: a connector confirms it once a minute, and no write shall wait for that.
 */
async function applyRest(move: MoveState, limitMs: number): Promise<Detail> {
  const source = await moveSource(move, 'closing');
  const client = await to(move);
  const { context } = move.definition;
  // Later than the loop below gives up: only a look that hangs is cut off, and what the last one found is told.
  const over = AbortSignal.any([move.signal, AbortSignal.timeout(Math.round(limitMs) + 500)]);
  let left: readonly string[] = [];
  const drained = await until(
    move,
    limitMs,
    async () => {
      const row = await readStreamRow(client, context, move.plan.closing);
      left = await move.transport.unapplied(source, {
        checkpoint: row?.checkpoint ?? {},
        tables: move.tables.from,
        signal: over,
      });
      return left.length === 0 ? true : undefined;
    },
    50,
  );
  if (!drained)
    throw new StranglerError(
      'CATCH_UP_TIMEOUT',
      `changes of ${context} are left in the transport: ${left.slice(0, 5).join('; ')}`,
      { details: { left } },
    );
  const { slot } = replicationNames(context, move.plan.closing, await databaseName(source.client));
  const { rows } = await source.client.query<{ lsn: string }>(
    'SELECT confirmed_flush_lsn::text AS lsn FROM pg_replication_slots WHERE slot_name = $1',
    [slot],
  );
  return { confirmed: rows[0]?.lsn ?? null };
}

/**
 * The worker reads this row FOR UPDATE in every transaction that applies: after this commit no batch can be applied any
 * more, not even by a worker that was paused for an hour. Position and dead letters are judged in the same transaction.
 */
export const closeStream: MoveStep = {
  name: 'close-stream',
  phase: 'before',
  async execute(move) {
    const client = await to(move);
    const stop = stopOf(move);
    const { context } = move.definition;
    return guarded(client, move.guard, async () => {
      await client.query(
        `SET LOCAL lock_timeout = ${Math.max(1, Math.round(timeLeft(move, 5000)))}`,
      );
      const position = await closeStreamAt(
        client,
        { context, direction: move.plan.closing },
        { epoch: move.epoch, stop },
      );
      if (position === undefined)
        throw new StranglerError(
          'CATCH_UP_TIMEOUT',
          `the ${move.plan.closing} stream of ${context} is not at ${stop} in epoch ${move.epoch}`,
        );
      const dead = await countOpenDeadLetters(client, context, move.plan.closing);
      if (dead > 0)
        throw new StranglerError(
          'DEAD_LETTERS',
          `${dead} of the last change events could not be applied`,
          { details: { open: dead } },
        );
      return { position };
    });
  },
  dryRun: async () => ({}),
  async undo(move) {
    const client = await to(move);
    return guarded(client, move.guard, async () => {
      const stream = { context: move.definition.context, direction: move.plan.closing };
      return { reopened: await reopenStream(client, stream, move.epoch) };
    });
  },
};
