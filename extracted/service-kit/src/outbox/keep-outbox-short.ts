import type pg from 'pg';
import type { Logger } from 'pino';

const batch = 1_000;

/**
 * Removes events that are older than `keepDays`; answers how many. Several instances may do it at once.
 *
 * The streams read the log and not the table, so an event could go right after its insert, as is often done with Debezium. It
 * stays some days because the table is then what a lost replication slot, or a new consumer, is filled from.
 */
export async function removeOldEvents(pool: pg.Pool, keepDays: number): Promise<number> {
  let removed = 0;
  for (;;) {
    const { rowCount } = await pool.query(
      `DELETE FROM outbox WHERE id IN (
         SELECT id FROM outbox WHERE created_at < now() - make_interval(secs => $1 * 86400)
           ORDER BY created_at, id LIMIT ${batch} FOR UPDATE SKIP LOCKED)`,
      [keepDays],
    );
    removed += rowCount ?? 0;
    if ((rowCount ?? 0) < batch) return removed;
  }
}

/** Does so now and every `everyMs` until the returned function is called, which waits for a run under way. */
export function keepOutboxShort(
  pool: pg.Pool,
  options: { readonly keepDays: number; readonly logger: Logger; readonly everyMs?: number },
): () => Promise<void> {
  let running: Promise<void> | undefined;
  const clean = (): void => {
    running ??= removeOldEvents(pool, options.keepDays)
      .then(
        (removed) => {
          if (removed > 0)
            options.logger.info({ removed, keepDays: options.keepDays }, 'old events removed');
        },
        (error: unknown) =>
          options.logger.warn({ err: error }, 'old events were not removed; tried again later'),
      )
      .finally(() => {
        running = undefined;
      });
  };
  const timer = setInterval(clean, options.everyMs ?? 3_600_000);
  timer.unref();
  clean();
  return async () => {
    clearInterval(timer);
    await running;
  };
}
