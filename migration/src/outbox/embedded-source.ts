import { isStranglerError, StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { connect, databaseName, withConnection } from '../database/connect.ts';
import {
  displayTable,
  parseTableName,
  quoteTable,
  type TableName,
} from '../database/identifiers.ts';
import { pause } from '../pause.ts';
import type { Lsn, Row } from '../stream/change-event.ts';
import type { StreamMessage } from '../stream/change-stream.ts';
import { openEmbeddedStream } from '../stream/embedded/index.ts';
import { createSlotWithSnapshot, dropSlot, slotStatus } from '../stream/source/index.ts';
import { streamNames } from '../stream/source/replication-names.ts';
import { readPosition, storePosition } from '../replica/event-positions.ts';
import { openHistory } from './consumer-history.ts';
import { eventOfRow } from './domain-event.ts';
import { ensureOutboxPublication, outboxPublication } from './outbox-publication.ts';
import { daysToRemember } from './remembered.ts';
import { readRetained } from './retained-events.ts';
import type { EventSource, Session } from './subscription.ts';

type EmbeddedSource = Extract<EventSource, { transport: 'embedded' }>;

export const consumerSlot = (
  consumer: string,
  { service, url }: Pick<EmbeddedSource, 'service' | 'url'>,
): string => streamNames(`${service}>${consumer}`, 'consumer', databaseName(url)).slot;

const outboxTable = ({ table }: EmbeddedSource): TableName => parseTableName(table ?? 'outbox');

/** Reads the outbox from the log of the service's database, through a slot that this consumer has for itself. */
export async function followOutbox(source: EmbeddedSource, session: Session): Promise<void> {
  if (!(await waitForTurn(source, session))) return;
  const slot = consumerSlot(session.consumer, source);
  const applicationName = `strangler-events-${session.consumer}`;
  const client = await connect(source.url, { applicationName });
  try {
    await forgetWhatIsGone(source, session);
    const from = await beginning(source, session, slot);
    if (from === undefined) return;
    const history = await openHistory(source, session, client, from);
    const stream = await openEmbeddedStream({
      url: source.url,
      context: `${session.consumer}-events`,
      direction: 'forward',
      names: { slot, publication: outboxPublication },
      from,
      signal: session.signal,
    });
    try {
      const marks = await history.begin();
      session.onProgress({ phase: 'streaming' });
      for (let stored = from, events = 0n; ;) {
        const messages = await stream.take();
        if (messages.length === 0) return;
        events += countEvents(messages);
        const reached = await deliverAll(messages, source, session);
        if (reached === undefined || reached <= stored) continue;
        // Stored first: a slot that is ahead of the stored position would look like a hole.
        await storePosition(
          session.target,
          { consumer: session.consumer, service: source.service },
          reached,
          marks?.passed(reached),
        );
        stream.acknowledge(reached);
        stored = reached;
        await marks?.renew({ lsn: reached, rows: events });
      }
    } finally {
      await stream.close();
    }
  } catch (error) {
    throw withRemedy(error, source, session.consumer);
  } finally {
    await client.end().catch(() => undefined);
  }
}

const countEvents = (messages: readonly StreamMessage[]): bigint =>
  messages.reduce(
    (sum, message) => sum + (message.kind === 'changes' ? BigInt(message.events.length) : 0n),
    0n,
  );

/** What the outbox holds may be read again. */
async function forgetWhatIsGone(
  source: EmbeddedSource,
  { consumer, inbox, rememberDays }: Session,
): Promise<void> {
  const table = outboxTable(source);
  const milliseconds = await withConnection(
    source.url,
    { applicationName: `strangler-events-${consumer}` },
    async (client) => {
      const { rows } = await client.query<{ ms: string | null }>(
        `SELECT extract(epoch FROM now() - min(created_at)) * 1000 AS ms FROM ${quoteTable(table)}`,
      );
      return Number(rows[0]?.ms ?? 0);
    },
  );
  const kept = { place: `table ${displayTable(table)} of ${source.service}`, milliseconds };
  await inbox.forget(daysToRemember(consumer, rememberDays, kept));
}

/** One process of a consumer reads; the lock ends with the connection that also writes what is handled. */
async function waitForTurn(
  source: EmbeddedSource,
  { consumer, target, signal, onProgress }: Session,
): Promise<boolean> {
  for (let told = false; !signal.aborted; told = true) {
    const { rows } = await target.query<{ locked: boolean }>(
      `SELECT pg_try_advisory_lock(hashtext('strangler events'), hashtext($1)) AS locked`,
      [`${consumer} ${source.service}`],
    );
    if (rows[0]?.locked) return true;
    if (!told) onProgress({ phase: 'standby' });
    await pause(250, signal);
  }
  return false;
}

/** Where the stream goes on. A new consumer first gets the events that are still in the table, and the stream from just then. */
async function beginning(
  source: EmbeddedSource,
  session: Session,
  slot: string,
): Promise<Lsn | undefined> {
  const { consumer, target, signal } = session;
  const subscriber = { consumer, service: source.service };
  const known = await readPosition(target, subscriber);
  if (typeof known === 'bigint') return known;
  const table = outboxTable(source);
  return withConnection(
    source.url,
    { applicationName: `strangler-events-${consumer}` },
    async (client) => {
      await ensureOutboxPublication(client, table);
      if (known === 'unknown') {
        if (await slotStatus(client, slot)) {
          throw new StranglerError(
            'CONFIG_INVALID',
            `Slot ${slot} on the database of ${source.service} exists, but the database of ` +
              `consumer ${consumer} knows nothing of it: another consumer has this name, or its ` +
              `database was replaced`,
            {
              remedy:
                `Choose another name for the consumer, or drop what is left of the old one: ` +
                `SELECT pg_drop_replication_slot('${slot}')`,
            },
          );
        }
        await storePosition(target, subscriber, 'beginning');
      }
      await dropSlot(client, slot, { timeoutMs: 15_000 });
      const made = await createSlotWithSnapshot(source.url, slot, signal);
      try {
        if (!(await deliverRetained(client, made.snapshot, source, session))) return undefined;
      } finally {
        await made.close();
      }
      await storePosition(target, subscriber, made.position);
      return made.position;
    },
  );
}

const deliverRetained = (
  client: pg.Client,
  snapshot: string,
  source: EmbeddedSource,
  session: Session,
): Promise<boolean> =>
  readRetained(client, outboxTable(source), snapshot, async (rows) => {
    for (const row of rows) {
      if (session.signal.aborted) return false;
      await deliverRow(row, source, session);
    }
    return !session.signal.aborted;
  });

/** How far everything is handled: to the end of a transaction, never into one. */
async function deliverAll(
  messages: readonly StreamMessage[],
  source: EmbeddedSource,
  session: Session,
): Promise<Lsn | undefined> {
  const { schema, table } = outboxTable(source);
  let reached: Lsn | undefined;
  for (const message of messages) {
    if (message.kind === 'commit') reached = message.endLsn;
    else if (message.kind === 'idle') reached = message.lsn;
    else if (message.kind === 'changes') {
      for (const { op, after, source: from } of message.events) {
        if (session.signal.aborted) return reached;
        if (op === 'c' && after && from.table === table && from.schema === schema)
          await deliverRow(after, source, session);
      }
    }
  }
  return reached;
}

async function deliverRow(
  row: Row,
  { aggregateTypes }: EmbeddedSource,
  { inbox }: Session,
): Promise<void> {
  if (aggregateTypes.includes(row.aggregatetype ?? '')) await inbox.deliver(eventOfRow(row));
}

const holes: ReadonlySet<string> = new Set(['SLOT_LOST', 'POSITION_GAP', 'HISTORY_CHANGED']);

/** The remedies of these codes speak of replication. */
function withRemedy(error: unknown, { service }: EmbeddedSource, consumer: string): unknown {
  if (!isStranglerError(error) || !holes.has(error.code)) return error;
  return new StranglerError(error.code, error.message, {
    cause: error,
    details: error.details,
    remedy:
      `Events of ${service} may be missing for ${consumer}: call restartSubscription, which reads ` +
      `again what is still in the outbox; handled events stay handled.`,
  });
}
