import { afterEach, describe, expect, test } from '@jest/globals';
import type { TableMapping } from '@strangler-toolkit/plan';
import { connect } from '../../src/database/connect.ts';
import { repair, verify, type VerifyOptions, type VerifyResult } from '../../src/verify/index.ts';
import { keysOfLeaf } from '../../src/verify/leaf-keys.ts';
import type { NamedKey } from '../../src/verify/verify.ts';
import { type Pair, testPair } from './pair.ts';

const monolithDdl = `
CREATE TABLE products (id bigint PRIMARY KEY, name text DEFAULT 'none', status text DEFAULT 'A', price numeric(12,2), ratio float8, data bytea, extra jsonb, at timestamptz, big text);
CREATE TABLE lines (code text, n int, note text, PRIMARY KEY (code, n));
CREATE TABLE nothing (id int PRIMARY KEY);`;
const serviceDdl = `
CREATE TABLE items (item_id bigint PRIMARY KEY, title varchar(99) DEFAULT 'none', state text, price numeric(12,2), ratio float8, at timestamptz);
CREATE TABLE item_details (item_id bigint PRIMARY KEY, data bytea, extra jsonb, big text);
CREATE TABLE item_lines (line_code text COLLATE "und-x-icu", n int, note text, PRIMARY KEY (line_code, n));
CREATE TABLE nothings (id int PRIMARY KEY);`;
const tables: TableMapping[] = [
  {
    monolith: 'products',
    service: [
      {
        table: 'items',
        columns: {
          id: 'item_id',
          name: 'title',
          status: { to: 'state', values: { A: 'active' } },
          price: 'price',
          ratio: 'ratio',
          at: 'at',
        },
      },
      {
        table: 'item_details',
        columns: { id: 'item_id', data: 'data', extra: 'extra', big: 'big' },
      },
    ],
  },
  {
    monolith: 'lines',
    service: [{ table: 'item_lines', columns: { code: 'line_code', n: 'n', note: 'note' } }],
  },
  { monolith: 'nothing', service: [{ table: 'nothings', columns: { id: 'id' } }] },
];

let pair: Pair;
const begin = async (label: string, rows: number): Promise<Pair> => {
  pair = await testPair(label, monolithDdl, serviceDdl, tables);
  await pair.monolith.client.query(`
    INSERT INTO products SELECT g, 'p' || g, CASE g % 3 WHEN 0 THEN 'A' WHEN 1 THEN 'B' END, g / 7.0, g / 7.0, decode(md5(g::text), 'hex'), jsonb_build_object('g', g), now(), repeat('z', 50) FROM generate_series(1, ${rows}) g;
    INSERT INTO lines SELECT chr(65 + g % 26) || CASE WHEN g % 2 = 0 THEN lower(chr(65 + g % 7)) ELSE 'ä_-' END || g, g % 5, 'n' FROM generate_series(1, ${rows}) g`);
  await pair.copy();
  return pair;
};
afterEach(async () => {
  await pair.close();
});
const run = (options: Partial<VerifyOptions> = {}): Promise<VerifyResult> =>
  verify({
    mapping: pair.mapping,
    monolithUrl: pair.monolith.url,
    serviceUrl: pair.service.url,
    direction: 'forward',
    appliedPosition: () => pair.appliedPosition(),
    chunkRows: 500,
    catchUpMs: 60_000,
    ...options,
  });
const mend = (keys: readonly NamedKey[], catchUpMs = 60_000): ReturnType<typeof repair> =>
  repair({
    mapping: pair.mapping,
    monolithUrl: pair.monolith.url,
    serviceUrl: pair.service.url,
    direction: 'forward',
    keys,
    appliedPosition: () => pair.appliedPosition(),
    catchUpMs,
  });
/** As if everything were applied. */
const endOfLog = 0xffff_ffff_ffff_ffffn;
const kinds = (result: VerifyResult): unknown[] =>
  result.tables
    .flatMap((table) =>
      table.differing.map(({ key, part, kind, columns }) => [
        table.table,
        key.join(),
        part,
        kind,
        ...(columns ?? []).map((column) => [column.name, column.monolith, column.service]),
      ]),
    )
    .sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));

describe('verification', () => {
  test('100,000 equal rows are compared and found equal; the empty table too', async () => {
    await begin('verify_equal', 100_000);
    await pair.replicate(0);
    const seen: number[] = [];
    const result = await run({ onProgress: ({ rows }) => seen.push(rows) });
    expect(result).toMatchObject({ differences: 0, unsettled: 0, rowsCompared: 200_000 });
    expect(result.tables.map(({ table, rows }) => [table, rows])).toEqual([
      ['products', 100_000],
      ['lines', 100_000],
      ['nothing', 0],
    ]);
    expect(result.tables[0]?.chunks).toBeGreaterThan(200);
    expect(seen.length).toBeGreaterThan(200);
  });

  test('while writes go on and the applier lags, no false difference; a planted one among them is found every time', async () => {
    await begin('verify_busy', 5000);
    await pair.replicate(150);
    let writing = true;
    let written = 0;
    const writers = [0, 1, 2].map(async (writer) => {
      const client = await connect(pair.monolith.url, { applicationName: 'writer' });
      for (let step = writer; writing; step += 3) {
        const id = ((step * 7919) % 5000) + 1;
        // Deletes and inserts of the same keys: rows that flicker are what a careless comparison trips over.
        await client.query(
          step % 4 === 0
            ? 'DELETE FROM products WHERE id = $1'
            : `INSERT INTO products (id, name, price) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name, price = EXCLUDED.price`,
          step % 4 === 0 ? [id] : [id, `w${step}`, step],
        );
        await client.query(
          'UPDATE lines SET note = $1 WHERE n = $2 AND code = (SELECT code FROM lines WHERE n = $2 LIMIT 1)',
          [`w${step}`, step % 5],
        );
        written += 1;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      await client.end();
    });
    try {
      // A slow machine writes less in a round: rounds go on until enough was written under their eyes.
      for (let round = 0; round < 3 || written <= 20; round += 1)
        expect(kinds(await run())).toEqual([]);
      await pair.service.client.query(
        `SET session_replication_role = replica; INSERT INTO items (item_id, title) VALUES (999999, 'ghost'); UPDATE item_lines SET note = 'planted' WHERE (line_code, n) = (SELECT line_code, n FROM item_lines WHERE note = 'n' ORDER BY 1 LIMIT 1)`,
      );
      const found = await run();
      expect(found.tables.map(({ differing }) => differing.map(({ kind }) => kind))).toEqual([
        ['extra'],
        ['different'],
        [],
      ]);
    } finally {
      writing = false;
      await Promise.all(writers);
    }
    expect(await run()).toMatchObject({ unsettled: 0 });
  });

  test('every kind of difference is found with its key and columns', async () => {
    await begin('verify_kinds', 1200);
    await pair.replicate(0);
    await pair.service.client.query(`
      DELETE FROM items WHERE item_id = 1; DELETE FROM item_details WHERE item_id = 1;
      INSERT INTO items (item_id) VALUES (-5), (88888);
      UPDATE items SET title = NULL WHERE item_id = 2;
      UPDATE items SET title = '' WHERE item_id = 3;
      UPDATE items SET state = 'A' WHERE item_id = 6;
      UPDATE items SET price = price + 0.01 WHERE item_id = 7;
      UPDATE items SET price = 1.14 WHERE item_id = 8;
      UPDATE items SET ratio = ratio + 1e-13 WHERE item_id = 9;
      UPDATE items SET at = at + '1 microsecond' WHERE item_id = 10;
      UPDATE item_details SET data = '\\x' WHERE item_id = 11;
      UPDATE item_details SET extra = 'null' WHERE item_id = 12;
      UPDATE item_details SET extra = '{"g":    13}' WHERE item_id = 13;
      DELETE FROM item_details WHERE item_id = 14;
      UPDATE items SET title = title || ' ' WHERE item_id = 15;
      UPDATE item_lines SET line_code = lower(line_code) WHERE line_code LIKE 'Ca%' AND n = (SELECT max(n) FROM item_lines WHERE line_code LIKE 'Ca%');
      INSERT INTO nothings VALUES (1)`);
    await pair.monolith.client.query(
      `UPDATE products SET name = '' WHERE id = 4; UPDATE products SET name = NULL WHERE id = 5`,
    );
    const result = await run({ direction: 'forward' });
    const found = kinds(result);
    const [pretty] = (
      await pair.monolith.client.query('SELECT at, ratio FROM products WHERE id = 9')
    ).rows;
    expect(pretty).toBeDefined();
    const expected = (key: string): unknown =>
      found.find((row) => Array.isArray(row) && row[0] === 'products' && row[1] === key);
    expect(expected('1')).toEqual(['products', '1', expect.any(String), 'missing']);
    expect(
      found.filter((row) => Array.isArray(row) && row[1] === '1' && row[3] === 'missing'),
    ).toHaveLength(2);
    expect(expected('-5')).toEqual(['products', '-5', 'items', 'extra']);
    expect(expected('88888')).toEqual(['products', '88888', 'items', 'extra']);
    expect(expected('2')).toEqual(['products', '2', 'items', 'different', ['name', 'p2', null]]);
    expect(expected('3')).toEqual(['products', '3', 'items', 'different', ['name', 'p3', '']]);
    expect(expected('4')).toBeUndefined();
    expect(expected('5')).toBeUndefined();
    expect(expected('6')).toEqual([
      'products',
      '6',
      'items',
      'different',
      ['status', 'active', 'A'],
    ]);
    expect(expected('7')).toEqual([
      'products',
      '7',
      'items',
      'different',
      ['price', '1.00', '1.01'],
    ]);
    expect(expected('8')).toBeUndefined();
    expect(expected('9')).toEqual([
      'products',
      '9',
      'items',
      'different',
      ['ratio', pretty.ratio, expect.any(String)],
    ]);
    expect(expected('10')).toMatchObject({ 3: 'different' });
    expect(expected('11')).toMatchObject({
      2: 'item_details',
      3: 'different',
      4: ['data', expect.stringMatching(/^\\x.{32}$/), '\\x'],
    });
    expect(expected('12')).toEqual([
      'products',
      '12',
      'item_details',
      'different',
      ['extra', '{"g": 12}', 'null'],
    ]);
    expect(expected('13')).toBeUndefined();
    expect(expected('14')).toEqual(['products', '14', 'item_details', 'missing']);
    expect(expected('15')).toMatchObject({ 4: ['name', 'p15', 'p15 '] });
    const lines = found.filter((row) => Array.isArray(row) && row[0] === 'lines');
    expect(lines.map((row) => String(Array.isArray(row) && row[3])).sort()).toEqual([
      ...Array(lines.length / 2).fill('extra'),
      ...Array(lines.length / 2).fill('missing'),
    ]);
    expect(lines.length).toBeGreaterThanOrEqual(2);
    expect(new Set(lines.map((row) => JSON.stringify(row))).size).toBe(lines.length);
    expect(found.filter((row) => Array.isArray(row) && row[0] === 'nothing')).toEqual([
      ['nothing', '1', 'nothings', 'extra'],
    ]);
    expect(result.unsettled).toBe(0);
    expect(result.tables.map(({ truncated }) => truncated)).toEqual([false, false, false]);
    expect((await run({ maxDifferences: 1 })).tables[0]?.truncated).toBe(true);
  });

  test('when the other side does not catch up, unlike rows are unsettled, never clean and never different', async () => {
    await begin('verify_stuck', 1000);
    await pair.monolith.client.query(`UPDATE products SET name = 'later' WHERE id = 500`);
    const result = await run({ catchUpMs: 300 });
    expect(result).toMatchObject({ differences: 0, unsettled: 1 });
    expect(result.tables[0]?.unsettledKeys).toEqual([['500']]);
    const taken: unknown[] = [];
    expect(
      await run({ catchUpMs: 300, onDiffering: async (rows) => void taken.push(...rows) }),
    ).toMatchObject({ unsettled: 1 });
    expect(taken).toEqual([]);
    const key = { table: 'public.products', key: ['500'] };
    await expect(mend([key], 300)).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(
      (await pair.service.client.query('SELECT title FROM items WHERE item_id = 500')).rows,
    ).toEqual([{ title: 'p500' }]);
  });

  test('reverse: the service is the one to be right, and the monolith the one that lags', async () => {
    await begin('verify_reverse', 1000);
    await pair.service.client.query(
      `UPDATE items SET title = 'new', price = 12.5 WHERE item_id = 7; INSERT INTO items (item_id, title) VALUES (5000, 'only here')`,
    );
    await pair.monolith.client.query(
      `UPDATE products SET price = 12.50 WHERE id = 7; INSERT INTO products (id, name) VALUES (6000, 'only there')`,
    );
    expect(
      kinds(await run({ direction: 'reverse', appliedPosition: async () => endOfLog })),
    ).toEqual([
      ['products', '5000', 'items', 'missing'],
      ['products', '6000', 'items', 'extra'],
      ['products', '7', 'items', 'different', ['name', 'p7', 'new']],
    ]);
  });

  test('named keys are compared alone, and repaired from the owner', async () => {
    await begin('verify_keys', 1000);
    await pair.replicate(0);
    await pair.service.client.query(
      `UPDATE items SET title = 'wrong', state = 'odd' WHERE item_id = 1; DELETE FROM item_details WHERE item_id = 2; INSERT INTO items (item_id) VALUES (7777); UPDATE items SET title = 'also wrong' WHERE item_id = 3`,
    );
    const keys = ['1', '2', '7777'].map((id) => ({ table: 'public.products', key: [id] }));
    expect((await run({ keys })).differences).toBe(3);
    expect(await mend(keys)).toEqual({
      unsettled: [],
      deadLettersDropped: [],
      repaired: [
        { ...keys[0], action: 'written' },
        { ...keys[1], action: 'written' },
        { ...keys[2], action: 'deleted' },
      ],
    });
    expect((await run({ keys })).differences).toBe(0);
    expect(kinds(await run())).toEqual([
      ['products', '3', 'items', 'different', ['name', 'p3', 'also wrong']],
    ]);
    await expect(
      run({ keys: [{ table: 'public.products', key: ['1', '2'] }] }),
    ).rejects.toMatchObject({ code: 'USAGE' });
    await expect(run({ keys: [{ table: 'public.unknown', key: ['1'] }] })).rejects.toMatchObject({
      code: 'USAGE',
    });
  });

  test('a cancelled verification says so', async () => {
    await begin('verify_cancel', 5000);
    const controller = new AbortController();
    await expect(
      run({ signal: controller.signal, onProgress: () => controller.abort() }),
    ).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  test('the keys of one partition come all, and as the monolith writes them', async () => {
    pair = await testPair(
      'verify_leaf',
      `CREATE TABLE parts (kind text, id int, PRIMARY KEY (kind, id)) PARTITION BY LIST (kind);
       CREATE TABLE parts_a PARTITION OF parts FOR VALUES IN ('A'); CREATE TABLE parts_b PARTITION OF parts FOR VALUES IN ('B');
       INSERT INTO parts SELECT CASE WHEN n > 1200 THEN 'B' ELSE 'A' END, n FROM generate_series(1, 1203) n`,
      'CREATE TABLE pieces (sort text, id int, PRIMARY KEY (sort, id))',
      [
        {
          monolith: 'parts',
          service: [
            {
              table: 'pieces',
              columns: { kind: { to: 'sort', values: { A: 'alpha' } }, id: 'id' },
            },
          ],
        },
      ],
    );
    const { client } = pair.monolith;
    const { rows } = await client.query(`SELECT 'parts_a'::regclass::oid::text AS oid`);
    const leaf = { side: 'monolith', oid: rows[0].oid } as const;
    const keys: (readonly string[])[] = [];
    for await (const some of keysOfLeaf(client, pair.mapping.tables[0]!, leaf)) keys.push(...some);
    expect(keys.sort((a, b) => Number(a[1]) - Number(b[1]))).toEqual(
      Array.from({ length: 1200 }, (_, index) => ['A', String(index + 1)]),
    );
    // and what differs among them is named so too
    await pair.copy();
    await pair.service.client.query(`SET session_replication_role = replica; DELETE FROM pieces`);
    const { differences, tables: compared } = await run({ appliedPosition: async () => endOfLog });
    expect(differences).toBe(1203);
    expect(new Set(compared[0]?.differing.map(({ key }) => key[0]))).toEqual(new Set(['A', 'B']));
  });

  test('rows that the monolith has twice under one key are differences, whichever of them the service has', async () => {
    pair = await testPair(
      'verify_twice',
      `CREATE TABLE twice (code int NOT NULL, note text); ALTER TABLE twice REPLICA IDENTITY FULL;
       INSERT INTO twice SELECT n, 'a' FROM generate_series(1, 20) n`,
      'CREATE TABLE once (code int PRIMARY KEY, note text)',
      [
        {
          monolith: 'twice',
          key: ['code'],
          service: [{ table: 'once', columns: { code: 'code', note: 'note' } }],
        },
      ],
    );
    await pair.copy();
    const same = await run({ appliedPosition: async () => endOfLog });
    expect(same.differences).toBe(0);
    await pair.monolith.client.query(
      `INSERT INTO twice SELECT n, 'b' FROM generate_series(1, 20) n; UPDATE twice SET note = 'a' WHERE note = 'a' AND code % 2 = 0`,
    );
    const found = await run({ appliedPosition: async () => endOfLog });
    expect(found.differences).toBe(20);
  });
});
