import { afterEach, describe, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import type { TableMapping } from '@strangler-toolkit/plan';
import type { CopyProgress } from '../../src/copy/index.ts';
import { connect } from '../../src/database/connect.ts';
import { takeCopyMark } from '../../src/replica/copies.ts';
import { type Pair, testPair } from './pair.ts';

const monolithDdl = `
CREATE TABLE products (id bigint PRIMARY KEY, name text, status text NOT NULL DEFAULT 'A', active boolean, price numeric(12,2), data bytea, extra jsonb, big text, staff_note text);
CREATE TABLE empty_one (id int PRIMARY KEY, t text);
CREATE TABLE "Odd Names" ("Key A" int, "key.b" text, "va""l" text, PRIMARY KEY ("Key A", "key.b"));`;
const serviceDdl = `
CREATE TABLE items (item_id bigint PRIMARY KEY, title text, state text NOT NULL, is_active text, price numeric(12,2), source text, CHECK (title <> 'forbidden'));
CREATE TABLE item_details (item_id bigint PRIMARY KEY REFERENCES items, data bytea, extra jsonb, big text);
CREATE TABLE reviews (id int PRIMARY KEY, item_id bigint REFERENCES items);
CREATE TABLE empties (id int PRIMARY KEY, t text DEFAULT 'x');
CREATE TABLE odd (a int, b text, c text, PRIMARY KEY (a, b));
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'fenced'; END $$;
CREATE TRIGGER fence BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON items FOR EACH STATEMENT EXECUTE FUNCTION refuse();`;
const tables: TableMapping[] = [
  {
    monolith: 'products',
    service: [
      {
        table: 'items',
        columns: {
          id: 'item_id',
          name: 'title',
          status: { to: 'state', values: { A: 'active', B: 'blocked' } },
          active: { to: 'is_active', values: { t: 'yes', f: 'no' } },
          price: 'price',
        },
        constants: { source: "it's \\n the monolith" },
      },
      {
        table: 'item_details',
        columns: { id: 'item_id', data: 'data', extra: 'extra', big: 'big' },
      },
    ],
    leave: { staff_note: { onReturn: 'default', reason: 'stays' } },
  },
  { monolith: 'empty_one', service: [{ table: 'empties', columns: { id: 'id', t: 't' } }] },
  {
    monolith: 'Odd Names',
    service: [{ table: 'odd', columns: { 'Key A': 'a', 'key.b': 'b', 'va"l': 'c' } }],
  },
];

let pair: Pair;
const begin = async (label: string): Promise<Pair> => {
  pair = await testPair(label, monolithDdl, serviceDdl, tables);
  return pair;
};
afterEach(async () => {
  await pair.close();
});
const all = async (client: Pair['service']['client'], sql: string): Promise<unknown[]> =>
  (await client.query({ text: sql, rowMode: 'array' })).rows;

describe('the initial copy', () => {
  test('carries names, parts, value maps, constants and awkward values, past fences and foreign keys', async () => {
    const { monolith, service } = await begin('copy_values');
    await monolith.client.query(
      `INSERT INTO products VALUES (1, E'tab\\t nl\\n back\\\\ q''"', 'A', true, 1.10, '\\x00ff5c', '{"a": [1, null]}', repeat('x', 100000), 'n'), (9007199254740993, '', 'Z', NULL, NULL, NULL, 'null', NULL, NULL), (3, NULL, 'B', false, 0, '', '{}', '', '')`,
    );
    await monolith.client.query(
      `INSERT INTO "Odd Names" VALUES (1, '\\N', '\\.'), (1, 'ä€😀', NULL)`,
    );
    const result = await pair.copy({
      afterSnapshot: () => monolith.client.query(`INSERT INTO "Odd Names" VALUES (2, 'late', '')`),
    });
    expect(await all(service.client, 'SELECT * FROM items ORDER BY 1')).toEqual([
      ['1', 'tab\t nl\n back\\ q\'"', 'active', 'yes', '1.10', "it's \\n the monolith"],
      ['3', null, 'blocked', 'no', '0.00', "it's \\n the monolith"],
      ['9007199254740993', '', 'Z', null, null, "it's \\n the monolith"],
    ]);
    expect(
      await all(
        service.client,
        'SELECT item_id, data, extra, length(big) FROM item_details ORDER BY 1',
      ),
    ).toEqual([
      ['1', '\\x00ff5c', '{"a": [1, null]}', '100000'],
      ['3', '\\x', '{}', '0'],
      ['9007199254740993', null, 'null', null],
    ]);
    expect(await all(service.client, 'SELECT * FROM odd ORDER BY b COLLATE "C"')).toEqual([
      ['1', '\\N', '\\.'],
      ['1', 'ä€😀', null],
    ]);
    expect(result.tables).toEqual([
      { table: 'products', rows: 3 },
      { table: 'empty_one', rows: 0 },
      { table: 'Odd Names', rows: 2 },
    ]);
  });

  test('200,000 rows in parallel ranges while writes go on: the copy is the snapshot, the stream is the rest, together they are the source', async () => {
    const { monolith, service } = await begin('copy_big');
    await monolith.client.query(
      `INSERT INTO products SELECT g, 'p' || g, 'A', true, g, NULL, NULL, repeat('y', 200) FROM generate_series(1, 200000) g; ANALYZE products`,
    );
    const seen: CopyProgress[] = [];
    let writing = true;
    const writer = (async () => {
      const client = await connect(monolith.url, { applicationName: 'writer' });
      for (let id = 1; writing; id += 1) {
        await client.query('UPDATE products SET name = $1 WHERE id = $2', [
          `changed ${id}`,
          (id * 7919) % 200_000,
        ]);
        await client.query('DELETE FROM products WHERE id = $1', [(id * 104_729) % 200_000]);
        await client.query('INSERT INTO products (id, name) VALUES ($1, $2)', [
          1_000_000 + id,
          'new',
        ]);
      }
      await client.end();
    })();
    await pair.copy({ parallel: 3, onProgress: (progress) => seen.push(progress) });
    await pair.replicate(0);
    writing = false;
    await writer;
    const {
      rows: [end],
    } = await monolith.client.query('SELECT pg_current_wal_insert_lsn() AS lsn');
    await until(
      'everything is applied',
      async () =>
        (
          await service.client.query(`SELECT FROM strangler.streams WHERE position >= $1`, [
            end.lsn,
          ])
        ).rows.length > 0,
    );
    const checksum = (
      client: Pair['service']['client'],
      columns: string,
      from: string,
    ): Promise<unknown[]> =>
      all(
        client,
        `SELECT count(*), sum(('x' || left(md5(ROW(${columns})::text), 16))::bit(64)::bigint::numeric) FROM ${from}`,
      );
    expect(await checksum(service.client, 'item_id, title, price', 'items')).toEqual(
      await checksum(monolith.client, 'id, name, price', 'products'),
    );
    expect(await checksum(service.client, 'item_id, big', 'item_details')).toEqual(
      await checksum(monolith.client, 'id, big', 'products'),
    );
    const products = seen.filter((progress) => progress.table === 'products');
    expect(products.length).toBeGreaterThan(2);
    expect(products[0]).toMatchObject({ rowsEstimated: 200_000 });
    expect(products.at(-1)).toMatchObject({ percent: 100, etaSeconds: 0 });
  });

  test('rows that replication did not write are never overwritten, unless --restart says so', async () => {
    const { monolith, service } = await begin('copy_full');
    await monolith.client.query(`INSERT INTO products (id) VALUES (1)`);
    await service.client.query(
      `INSERT INTO odd VALUES (9, 'mine'); INSERT INTO reviews VALUES (1, NULL)`,
    );
    await expect(pair.copy()).rejects.toMatchObject({
      code: 'TARGET_NOT_EMPTY',
      message: expect.stringContaining('odd'),
    });
    expect(await all(service.client, 'SELECT a FROM odd')).toEqual([['9']]);
    await pair.copy({ restart: true });
    expect(await all(service.client, 'SELECT a FROM odd')).toEqual([]);
    expect(await all(service.client, 'SELECT item_id FROM items')).toEqual([['1']]);
    // a table that nobody maps, and that refers to one that was emptied
    expect(await all(service.client, 'SELECT id FROM reviews')).toEqual([['1']]);
  });

  test('a copy that failed in the middle says which table, stops the rest, and starts anew by itself', async () => {
    const { monolith, service } = await begin('copy_fail');
    await monolith.client.query(
      `INSERT INTO products (id, name) SELECT g, CASE WHEN g = 49999 THEN 'forbidden' ELSE 'fine' END FROM generate_series(1, 50000) g`,
    );
    await expect(pair.copy()).rejects.toMatchObject({
      code: 'COPY_FAILED',
      message: expect.stringContaining('items'),
    });
    await monolith.client.query(`UPDATE products SET name = 'fine'`);
    await pair.copy();
    expect(await all(service.client, 'SELECT count(*) FROM items')).toEqual([['50000']]);
    expect(
      await all(
        service.client,
        `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'strangler-copy' AND datname = current_database()`,
      ),
    ).toEqual([['0']]);
  });

  const rewrite = `ALTER TABLE products ADD COLUMN token uuid DEFAULT gen_random_uuid()`;
  test.each<[string, (copied: Pair) => Promise<Parameters<Pair['copy']>[0]>]>([
    [
      'before anything was read',
      async ({ monolith }) => ({ afterSnapshot: () => monolith.client.query(rewrite) }),
    ],
    [
      'before a copy that goes on has read anything of it',
      async ({ monolith, service }) => {
        const mark = { context: 'shop', copier: '8a6f9c1e-0a5d-4c59-8d8e-2f0e4c1d7b10' };
        await takeCopyMark(service.client, mark);
        return { resume: { mark }, afterSnapshot: () => monolith.client.query(rewrite) };
      },
    ],
    [
      'when the session that kept it where it was has ended',
      async ({ monolith }) => ({
        onEmpty: async () => {
          await monolith.client.query(
            `SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE relation = 'products'::regclass AND pid <> pg_backend_pid()`,
          );
          await monolith.client.query(rewrite);
        },
      }),
    ],
  ])(
    'a table that was stored anew after the snapshot, %s, is not taken for an empty one',
    async (_when, options) => {
      await begin('copy_rewritten');
      await pair.monolith.client.query(
        `INSERT INTO products (id, name) SELECT g, 'p' || g FROM generate_series(1, 1000) g`,
      );
      await expect(pair.copy(await options(pair))).rejects.toThrow(
        /public\.products .*stored anew after the snapshot/,
      );
      await pair.copy();
      expect(await all(pair.service.client, 'SELECT count(*) FROM items')).toEqual([['1000']]);
      expect(await all(pair.service.client, 'SELECT count(*) FROM item_details')).toEqual([
        ['1000'],
      ]);
    },
  );

  test('what may pass is told from what needs a person: a deadlock, a snapshot that is gone', async () => {
    const { monolith, service } = await begin('copy_transient');
    await monolith.client.query(`INSERT INTO "Odd Names" VALUES (1, 'one', NULL)`);
    await expect(pair.copy({ snapshot: '00000003-0000001B-1' })).rejects.toMatchObject({
      code: 'DB_UNREACHABLE',
      message: expect.stringContaining('snapshot'),
    });
    await service.client.query(
      `CREATE FUNCTION deadlock() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'in the way' USING ERRCODE = '40P01'; END $$;
       CREATE TRIGGER deadlock BEFORE INSERT ON odd FOR EACH ROW EXECUTE FUNCTION deadlock();
       ALTER TABLE odd ENABLE ALWAYS TRIGGER deadlock`,
    );
    await expect(pair.copy()).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringContaining('in the way'),
    });
  });

  test('a range that the service takes and does not commit is not copied', async () => {
    const { monolith, service } = await begin('copy_commit');
    await monolith.client.query(`INSERT INTO "Odd Names" VALUES (1, 'one', NULL)`);
    await service.client.query(
      `CREATE CONSTRAINT TRIGGER late AFTER INSERT ON odd DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse();
       ALTER TABLE odd ENABLE ALWAYS TRIGGER late`,
    );
    await expect(pair.copy()).rejects.toMatchObject({
      code: 'COPY_FAILED',
      message: expect.stringContaining('fenced'),
    });
  });

  test('a value that cannot come back is refused by name', async () => {
    const { monolith } = await begin('copy_value');
    await monolith.client.query(`INSERT INTO products (id, status) VALUES (1, 'active')`);
    await expect(pair.copy()).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('active'),
    });
  });

  test('cancelling ends it at once, whatever a server is waited for', async () => {
    const { monolith, service } = await begin('copy_cancel');
    await monolith.client.query(`INSERT INTO products (id) SELECT generate_series(1, 100)`);
    const holder = await connect(service.url, { applicationName: 'test' });
    await holder.query('BEGIN; LOCK TABLE item_details IN EXCLUSIVE MODE');
    const sessions = (more: string) => async (): Promise<number> =>
      (
        await service.client.query(
          `SELECT FROM pg_stat_activity WHERE application_name = 'strangler-copy' AND datname = current_database() ${more}`,
        )
      ).rows.length;
    const controller = new AbortController();
    let ended: unknown;
    const copying = pair.copy({ signal: controller.signal }).catch((error: unknown) => {
      ended = error;
    });
    const waiting = sessions(`AND wait_event_type = 'Lock'`);
    await until('the copy waits for the table', async () => (await waiting()) > 0);
    controller.abort();
    // The table is still locked: a copy that waited for an answer of the server would wait for ever.
    await until('the copy ended', () => ended !== undefined);
    expect(ended).toMatchObject({ code: 'CANCELLED' });
    await holder.query('COMMIT');
    await holder.end();
    await copying;
    const left = sessions('');
    await until('its sessions are gone', async () => (await left()) === 0);
  });

  test('a server that drops the connections in the middle ends it with an error, never with a hang', async () => {
    const { monolith } = await begin('copy_drop');
    await monolith.client.query(
      `INSERT INTO products (id, big) SELECT g, repeat(md5(g::text), 50) FROM generate_series(1, 50000) g`,
    );
    let killed = false;
    const copying = pair.copy({
      onProgress: () => {
        if (killed) return;
        killed = true;
        void pair.service.client.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'strangler-copy' AND datname = current_database()`,
        );
      },
    });
    await expect(copying).rejects.toMatchObject({
      code: expect.stringMatching(/DB_UNREACHABLE|COPY_FAILED/),
    });
  });
});
