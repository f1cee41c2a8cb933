import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type PostgresServer, startPostgres, until } from '@strangler-toolkit/dev-stack';
import type pg from 'pg';
import { connect } from '../../src/database/connect.ts';
import {
  createSlot,
  ensurePublication,
  openEmbeddedStream,
  replicationNames,
  slotStatus,
} from '../../src/stream/index.ts';
import { requireSlot } from '../../src/stream/source/slot.ts';

/** The server keeps one megabyte of log for slots, so that a slot nobody reads is given up soon. */
let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres({
    settings: ['max_slot_wal_keep_size=1MB', 'fsync=off', 'full_page_writes=off'],
  });
});
afterAll(() => server.stop());

/** Fills segments of the log until the server gives the slot up. */
async function untilGivenUp(client: pg.Client, slot: string): Promise<void> {
  await until('the server gives the slot up', async () => {
    await client.query(
      `INSERT INTO items (name) SELECT repeat('x', 200) FROM generate_series(1, 500)`,
    );
    await client.query('SELECT pg_switch_wal()');
    await client.query('CHECKPOINT');
    return (await slotStatus(client, slot))?.lost !== null;
  });
}

async function source(label: string) {
  const url = await server.createDatabase(label);
  const client = await connect(url, { applicationName: 'test' });
  await client.query('CREATE TABLE items (id bigserial PRIMARY KEY, name text)');
  const { slot, publication } = replicationNames('shop', 'forward', label);
  await ensurePublication(client, publication, [{ schema: 'public', table: 'items' }]);
  const { position } = await createSlot(client, slot);
  const open = (from = position) =>
    openEmbeddedStream({ url, context: 'shop', direction: 'forward', from });
  return { url, client, slot, publication, position, open };
}

describe('a slot that the server gave up', () => {
  test('is SLOT_LOST when a stream is opened, and nothing of it is read', async () => {
    const { client, slot, open } = await source('given_up');
    try {
      await untilGivenUp(client, slot);
      await expect(open()).rejects.toMatchObject({
        code: 'SLOT_LOST',
        message: expect.stringContaining(slot),
        details: { slot },
      });
      await expect(requireSlot(client, slot)).rejects.toMatchObject({ code: 'SLOT_LOST' });
      // It is still there: only the server's word says that it is of no use.
      expect(await slotStatus(client, slot)).toMatchObject({ plugin: 'pgoutput' });
    } finally {
      await client.end();
    }
  });
});
