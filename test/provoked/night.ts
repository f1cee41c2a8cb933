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

const tables = `SELECT relname FROM pg_class WHERE relnamespace = 'strangler_control'::regnamespace AND relkind = 'r'`;

/** Every table of the control database as it is now. */
export const backUpControl = (stack: Stack) =>
  stack.sql(
    'control',
    `CREATE SCHEMA backup;
     DO $$ DECLARE name name; BEGIN
       FOR name IN ${tables} LOOP
         EXECUTE format('CREATE TABLE backup.%1$I AS TABLE strangler_control.%1$I', name);
       END LOOP; END $$`,
  );

/** As whoever restores a database does it: nobody is connected meanwhile, and it is as it was. */
export async function restoreControl(stack: Stack): Promise<void> {
  await stack.relays.control.down();
  await stack.sql(
    'control',
    `BEGIN; SET LOCAL session_replication_role = replica;
     DO $$ DECLARE name name; columns text; BEGIN
       FOR name IN ${tables} LOOP
         EXECUTE format('DELETE FROM strangler_control.%I', name);
         SELECT string_agg(quote_ident(attname), ', ') INTO columns FROM pg_attribute
          WHERE attrelid = format('strangler_control.%I', name)::regclass AND attnum > 0
            AND NOT attisdropped AND attgenerated = '';
         EXECUTE format('INSERT INTO strangler_control.%1$I (%2$s) OVERRIDING SYSTEM VALUE SELECT %2$s FROM backup.%1$I',
           name, columns);
       END LOOP; END $$;
     COMMIT`,
  );
  await stack.relays.control.up();
}
