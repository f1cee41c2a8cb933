import type pg from 'pg';
import { quoteLiteral, type TableName } from '../database/identifiers.ts';
import { hasTable } from './schema.ts';

export const outboxMarksTable = {
  schema: 'strangler',
  table: 'outbox_marks',
} as const satisfies TableName;

/** As `aggregatetype` says it: the last part of the topic's name. */
export const markAggregate = 'strangler-marks';

/** The next mark of a connector's chain, as a statement that the connector itself can send. */
export const markStatement = (connector: string): string => `SELECT ${mark(connector)}`;

/** The same as a statement of a `DO` block. */
export const markInBlock = (connector: string): string => `PERFORM ${mark(connector)}`;

const mark = (connector: string): string =>
  `strangler.outbox_mark(${quoteLiteral(connector).trim()}, false)`;

/** The first mark behind a new slot: what was marked before may have been passed over, and is named. */
export async function markNewSlot(client: pg.Client, connector: string): Promise<void> {
  await client.query('SELECT strangler.outbox_mark($1, true)', [connector]);
}

/** Whether the slot is another one than the connector read last, as an expression. */
export const outboxSlotMadeAnew = (connector: string): string => {
  const name = quoteLiteral(connector).trim();
  return `strangler.slot_made_anew(strangler.outbox_slot_seen(${name}), ${name})`;
};

export async function outboxSlotIsAnother(client: pg.Client, connector: string): Promise<boolean> {
  if (!(await hasTable(client, outboxMarksTable.table))) return false;
  const { rows } = await client.query<{ another: string }>(
    `SELECT ${outboxSlotMadeAnew(connector)}::text AS another`,
  );
  return rows[0]?.another === 'true';
}
