import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type PostgresServer, startPostgres } from '@strangler-toolkit/dev-stack';
import type pg from 'pg';
import { connect } from '../../src/database/connect.ts';
import {
  createSlot,
  dropPublication,
  ensurePublication,
  openEmbeddedStream,
  replicationNames,
  slotStatus,
} from '../../src/stream/index.ts';
import { eventually } from './source.ts';

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
  await eventually(
    async () => {
      await client.query(
        `INSERT INTO items (name) SELECT repeat('x', 200) FROM generate_series(1, 500)`,
      );
      await client.query('SELECT pg_switch_wal()');
      await client.query('CHECKPOINT');
      return (await slotStatus(client, slot))?.lost !== null;
    },
    'the server gives the slot up',
    120_000,
  );
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
      // It is still there: only the server's word says that it is of no use.
      expect(await slotStatus(client, slot)).toMatchObject({ plugin: 'pgoutput' });
    } finally {
      await client.end();
    }
  });
});

describe('a publication that is dropped while its stream runs', () => {
  test('ends the stream with SLOT_LOST at the next change', async () => {
    const { client, open, publication } = await source('dropped_in_the_middle');
    const stream = await open();
    try {
      await client.query(`INSERT INTO items (name) VALUES ('before')`);
      const messages = stream[Symbol.asyncIterator]();
      for (let seen = false; !seen;) {
        const { value } = await messages.next();
        seen = value?.kind === 'commit';
      }
      await dropPublication(client, publication);
      await client.query(`INSERT INTO items (name) VALUES ('after')`);
      const readOn = async (): Promise<never> => {
        for (;;) {
          const { done, value } = await messages.next();
          if (done) throw new Error('the stream ended as if all were well');
          if (value.kind === 'changes') throw new Error('a change came without a publication');
        }
      };
      await expect(readOn()).rejects.toMatchObject({ code: 'SLOT_LOST' });
    } finally {
      await stream.close();
      await client.end();
    }
  });
});
