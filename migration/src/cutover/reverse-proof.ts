import { randomUUID } from 'node:crypto';
import { isStranglerError, StranglerError } from '@strangler-toolkit/plan';
import { connect } from '../database/connect.ts';
import { quoteIdentifier, quoteTable } from '../database/identifiers.ts';
import { lsnFromText } from '../database/lsn.ts';
import { withStreamLock } from '../stream/source/stream-lock.ts';
import { ensurePublication } from '../stream/source/index.ts';
import { replicationNames } from '../stream/source/replication-names.ts';
import type { SourceTable } from '../stream/transport.ts';
import { longWriters, makeSlot } from './make-slot.ts';
import { applying } from '../replica/fences.ts';
import { guarded } from '../replica/move-guards.ts';
import { type Detail, from, type MoveState, type MoveStep, moveSource, to } from './move-state.ts';
import { databaseName, dropStream } from './old-stream.ts';
import { dropSlotAndReader } from './slots.ts';
import { isProbe, readProbe, writeProbe } from '../replica/probe.ts';
import { installReplicaSchema } from '../replica/schema.ts';

const published = (move: MoveState): SourceTable[] => [
  ...move.tables.to,
  ...move.transport.ownTables,
];

/** What carries the stream that will begin, made new: a leftover of an abandoned move may be stale or lost. */
async function makeStream(move: MoveState): Promise<{ slot: string; position: string }> {
  const source = await moveSource(move, 'opening');
  const { client } = source;
  await installReplicaSchema(client);
  const names = replicationNames(
    move.definition.context,
    move.plan.opening,
    await databaseName(client),
  );
  await guarded(client, move.guard, () =>
    withStreamLock(source, 'transaction', async () => {
      await move.transport.remove(source);
      await move.transport.announce(source);
      if ((await dropSlotAndReader(client, names.slot, 3000)) === 'in use')
        throw new StranglerError(
          'SLOT_BUSY',
          `slot ${names.slot} is being read although the ${move.plan.from} owns ${move.definition.context}`,
        );
    }),
  );
  await ensurePublication(client, names.publication, published(move));
  const position = await makeSlot(move.sides.url(move.plan.to), names.slot, {
    limitMs: move.proofTimeoutMs,
    signal: move.signal,
  });
  await move.onStep({ step: 'prove-reverse', moment: 'middle' });
  await limited(move, 'what carries it did not begin to work', (signal) =>
    // Under the claim: a connector that an overtaken mover registered late would pin WAL for ever.
    guarded(client, move.guard, async () => {
      await client.query(
        `SET LOCAL idle_in_transaction_session_timeout = ${move.proofTimeoutMs + 5000}`,
      );
      await withStreamLock(source, 'transaction', () =>
        move.transport.ensure(source, { tables: published(move), signal }),
      );
    }),
  );
  return { slot: names.slot, position };
}

async function limited<T>(
  move: MoveState,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = AbortSignal.timeout(move.proofTimeoutMs);
  try {
    return await work(AbortSignal.any([move.signal, limit]));
  } catch (error) {
    if (!limit.aborted || move.signal.aborted) throw error;
    throw new StranglerError(
      'REVERSE_UNPROVEN',
      `${what} within ${move.proofTimeoutMs} ms: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}

/** The marker, as the worker will read it: from the transport, with its own login and its own reader. */
async function readMarker(
  move: MoveState,
  position: string,
  marker: string,
  signal: AbortSignal,
): Promise<string> {
  const stream = await move.transport.open(await moveSource(move, 'opening'), {
    from: lsnFromText(position),
    checkpoint: {},
    tables: published(move),
    signal,
  });
  try {
    for await (const message of stream) {
      if (message.kind !== 'changes') continue;
      for (const event of message.events) {
        if (isProbe(event.source) && event.after?.marker === marker) return marker;
      }
    }
  } finally {
    await stream.close();
  }
  throw new StranglerError(
    'REVERSE_UNPROVEN',
    `the ${move.plan.opening} stream ended before the marker came out of it`,
  );
}

/**
 * Writes the marker to the old owner as the worker will: replica role (the fence and business triggers stay silent), the
 * direction's replication origin, and the right to insert, update and delete in every table. Statements that touch no row
 * still need those rights.
 */
async function applyMarker(move: MoveState, marker: string): Promise<void> {
  const client = await connect(move.sides.url(move.plan.from), {
    applicationName: 'strangler-reverse-proof',
  });
  try {
    await installReplicaSchema(client);
    await client.query(`SET lock_timeout = '3s'`);
    await client.query(applying());
    const { origin } = replicationNames(
      move.definition.context,
      move.plan.opening,
      await databaseName(client),
    );
    const { rows: known } = await client.query<{ id: string | null }>(
      'SELECT pg_replication_origin_oid($1)::text AS id',
      [origin],
    );
    if (known[0]?.id === null || known[0] === undefined)
      await client.query('SELECT pg_replication_origin_create($1)', [origin]);
    await client.query('SELECT pg_replication_origin_session_setup($1)', [origin]);
    await client.query('BEGIN');
    for (const table of move.tables.from) {
      const { rows } = await client.query<{ name: string; identity: string }>(
        `SELECT attname AS name, attidentity AS identity FROM pg_attribute WHERE attrelid = $1::regclass
          AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum`,
        [quoteTable(table)],
      );
      const columns = rows.map((row) => quoteIdentifier(row.name)).join(', ');
      // GENERATED ALWAYS AS IDENTITY columns may be inserted with OVERRIDING, never updated.
      const updates = rows
        .filter((row) => row.identity !== 'a')
        .map((row) => `${quoteIdentifier(row.name)} = ${quoteIdentifier(row.name)}`)
        .join(', ');
      await client.query(
        `INSERT INTO ${quoteTable(table)} (${columns}) OVERRIDING SYSTEM VALUE SELECT ${columns} FROM ${quoteTable(table)} WHERE false`,
      );
      if (updates !== '')
        await client.query(`UPDATE ${quoteTable(table)} SET ${updates} WHERE false`);
      await client.query(`DELETE FROM ${quoteTable(table)} WHERE false`);
    }
    await client.query('COMMIT');
    await writeProbe(client, move.definition.context, move.plan.opening, marker);
    const landed = await readProbe(client, move.definition.context, move.plan.opening);
    if (landed !== marker)
      throw new StranglerError('REVERSE_UNPROVEN', 'the marker was written and is not there');
  } finally {
    await client.end().catch(() => {});
  }
}

/** The way back exists before it can be needed: marker written on the new side, read from its slot, applied to the old side. */
export const proveReverse: MoveStep = {
  name: 'prove-reverse',
  phase: 'before',
  async execute(move): Promise<Detail> {
    const began = performance.now();
    const marker = randomUUID();
    try {
      const made = await makeStream(move);
      await writeProbe(await to(move), move.definition.context, move.plan.opening, marker);
      await limited(
        move,
        `the marker did not come out of the ${move.plan.opening} stream`,
        (signal) => readMarker(move, made.position, marker, signal),
      );
      await applyMarker(move, marker);
      const detail = {
        slot: made.slot,
        transport: move.transport.kind,
        direction: move.plan.opening,
        milliseconds: Math.round(performance.now() - began),
      };
      await move.control.evidence.record({
        context: move.definition.context,
        kind: 'probe',
        epoch: move.epoch,
        ok: true,
        detail,
      });
      return detail;
    } catch (error) {
      if (isStranglerError(error) && ['CANCELLED', 'LEASE_LOST'].includes(error.code)) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      await move.control.evidence
        .record({
          context: move.definition.context,
          kind: 'probe',
          epoch: move.epoch,
          ok: false,
          detail: { reason },
        })
        .catch(() => {});
      throw new StranglerError(
        'REVERSE_UNPROVEN',
        `the ${move.plan.opening} stream of ${move.definition.context} does not work: ${reason}`,
        {
          cause: error,
          ...(isStranglerError(error) && {
            details: { ...error.details, code: error.code },
            remedy: `${error.remedy} Nothing was changed.`,
          }),
        },
      );
    }
  },
  async dryRun(move) {
    const client = await to(move);
    const { slot, publication } = replicationNames(
      move.definition.context,
      move.plan.opening,
      await databaseName(client),
    );
    await from(move);
    return {
      slot,
      publication,
      tables: move.tables.to.map((table) => `${table.schema}.${table.table}`),
      waitsFor: await longWriters(client),
    };
  },
  /** Nobody would read the slot: it would pin WAL of the target for ever. */
  undo: async (move) => dropStream(await moveSource(move, 'opening'), move.transport, move.guard),
};
