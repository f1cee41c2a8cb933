import { until } from '@strangler-toolkit/dev-stack';
import pg from 'pg';
import type { Stack } from './stack.ts';

/** A transaction that wrote the context's table and does not end. */
export async function beginJob(stack: Stack): Promise<void> {
  stack.job = new pg.Client({
    connectionString: stack.scene.monolith.url,
    application_name: 'nightly job',
  });
  await stack.job.connect();
  await stack.job.query('BEGIN; UPDATE products SET name = name WHERE false');
}

export async function endJob(stack: Stack): Promise<void> {
  await stack.job?.end();
  stack.job = undefined;
}

export const fenceWaits = (stack: Stack): Promise<unknown> =>
  until('the fence waits for the job', async () => {
    const waiting = await stack.sql(
      'monolith',
      `SELECT FROM pg_locks WHERE relation = 'products'::regclass AND NOT granted`,
    );
    return waiting.length > 0;
  });

/** Until the server gives up what nobody reads. */
export async function outgrowSlot(stack: Stack): Promise<void> {
  await stack.worker?.stop();
  await keepForSlots(stack, '1MB');
  await until(
    'the server gives the slot up',
    async () => {
      await stack.sql(
        'monolith',
        `SELECT pg_logical_emit_message(false, 'filler', repeat('x', 100000))`,
      );
      await stack.sql('monolith', 'SELECT pg_switch_wal()');
      await stack.sql('monolith', 'CHECKPOINT');
      const [slot] = await stack.sql(
        'monolith',
        `SELECT bool_or(wal_status = 'lost') AS lost FROM pg_replication_slots WHERE database = current_database()`,
      );
      return slot?.lost === true;
    },
    { everyMs: 1 },
  );
}

/** How much log the monolith's server keeps for readers that do not come. */
export async function keepForSlots(stack: Stack, size: string): Promise<void> {
  await stack.sql('monolith', `ALTER SYSTEM SET max_slot_wal_keep_size = '${size}'`);
  await stack.sql('monolith', 'SELECT pg_reload_conf()');
}
