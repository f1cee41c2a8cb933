import type pg from 'pg';

/** Notes that a consumer handles an event, in the running transaction; false when it was handled before. */
export async function noteProcessed(
  client: pg.ClientBase,
  consumer: string,
  eventId: string,
): Promise<boolean> {
  // Where another process handles the same event just now, this waits for its end and then sees its row.
  const { rowCount } = await client.query(
    `INSERT INTO strangler.processed_events (consumer, event_id) VALUES ($1, $2)
     ON CONFLICT DO NOTHING`,
    [consumer, eventId],
  );
  return rowCount !== 0;
}

export async function forgetProcessed(
  client: pg.ClientBase,
  consumer: string,
  olderThanDays: number,
): Promise<void> {
  await client.query(
    `DELETE FROM strangler.processed_events
      WHERE consumer = $1 AND at < now() - make_interval(days => $2)`,
    [consumer, olderThanDays],
  );
}
