import { expect, test } from '@jest/globals';
import { createTestDatabase } from '@strangler-toolkit/dev-stack';
import type pg from 'pg';
import { connect } from '../../src/database/connect.ts';
import { carriedTables, readColumns } from '../../src/stream/kafka/carried-columns.ts';
import {
  columnTypesFromText,
  onlyRead,
  readColumnTypes,
  refuseRetyped,
} from '../../src/stream/kafka/column-types.ts';
import { refuseUnsupportedColumns } from '../../src/stream/kafka/decode/refuse-unsupported.ts';
import { unavailable } from '../../src/stream/kafka/decode/settings.ts';
import type { Envelope, JsonRow } from '../../src/stream/kafka/decode/envelope.ts';
import type { ReadChange } from '../../src/stream/kafka/kafka-change.ts';
import { readAgain } from '../../src/stream/kafka/read-again.ts';
import { countResyncRows } from '../../src/stream/kafka/resync-tables.ts';
import { SourceQueries } from '../../src/stream/kafka/source-queries.ts';
import { loadShape, type TableShape } from '../../src/stream/kafka/table-shape.ts';
import { wholeId } from '../../src/stream/kafka/until-visible.ts';

const read = readColumns(
  carriedTables({
    context: 'shop',
    data: 'replicated',
    monolith: { url: '' },
    service: { url: '' },
    routes: [],
    tables: [
      { monolith: 'things', service: [{ table: 'things', columns: { id: 'id', name: 'name' } }] },
    ],
  }).forward,
);

test('on Kafka, a column that no mapping names stops nothing: neither what it holds nor another type of it', async () => {
  const database = await createTestDatabase('unread');
  const client = await connect(database.url, { applicationName: 'test' });
  try {
    await client.query(
      'CREATE TABLE things (id int PRIMARY KEY, name text, numbers int[], grid int[], at timestamp)',
    );
    const things = { schema: 'public', table: 'things' };
    // An array of NULLs only does not come whole; the others are no values of their columns at all.
    const row = { id: 1, name: 'one', numbers: [null], grid: ['[I@1b6d3586'], at: 'far away' };
    const columns = Object.keys(row);
    const whole = await loadShape(client, things, columns);
    expect(() => whole.after(row)).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }));
    const shape = await loadShape(client, things, columns, { read });
    expect(shape.after(row)).toEqual({ id: '1', name: 'one' });
    expect(shape.before(row)).toEqual({ id: '1' });
    // what the table looks like is told whole
    expect(shape.relation.columns.map(({ name }) => name)).toEqual(columns);

    const before = onlyRead(await readColumnTypes(client, [things]), read);
    await client.query('ALTER TABLE things ALTER at TYPE date, ALTER numbers TYPE text');
    refuseRetyped('shop', before, onlyRead(await readColumnTypes(client, [things]), read));
    // a checkpoint of an older release knows all columns
    refuseRetyped(
      'shop',
      columnTypesFromText(JSON.stringify({ 'public.things': { id: '23', at: '1114' } })),
      onlyRead(await readColumnTypes(client, [things]), read),
    );
    await client.query('ALTER TABLE things ALTER name TYPE date USING NULL');
    const now = onlyRead(await readColumnTypes(client, [things]), read);
    expect(() => refuseRetyped('shop', before, now)).toThrow(
      expect.objectContaining({ code: 'SCHEMA_CHANGED' }),
    );
  } finally {
    await client.end();
    await database.drop();
  }
});

/** As Debezium counts what its 64 bits do not hold: without a fraction of a second, and with one. */
const [full, wrapped, lowest] = [
  '9223372036854775807',
  '-9223372036854775799',
  '-9223372036854775808',
];

const decoder =
  (client: pg.Client, source: SourceQueries) =>
  async (
    name: string,
    rows: readonly JsonRow[],
    {
      key = [],
      ...more
    }: { key?: readonly string[]; op?: string; xid?: number; before?: JsonRow; rekey?: 'to' } = {},
  ): Promise<unknown[]> => {
    const table = { schema: 'public', table: name };
    const columns = Object.keys(rows[0] ?? {});
    const keys = new Map(key.length > 0 ? [[`public.${name}`, key]] : []);
    const shape = await loadShape(client, table, columns, { keys });
    const { op = 'c', xid = null, before = null, rekey = null } = more;
    const changes = rows.map((after) => ({
      shape,
      rekey,
      envelope: { ...table, op, xid, before, after } as unknown as Envelope,
    }));
    await readAgain(source, changes);
    return changes.map(({ envelope }) => {
      if (envelope.before !== null) shape.before(envelope.before);
      return Object.values(shape.after(envelope.after ?? {}));
    });
  };

test('on Kafka, times past the end of 64 bits are what their source has; a key that cannot be told stops', async () => {
  const database = await createTestDatabase('late');
  const client = await connect(database.url, { applicationName: 'test' });
  const source = new SourceQueries(client);
  const decoded = decoder(client, source);
  try {
    await client.query(`
      CREATE DOMAIN moment AS timestamp(3);
      CREATE TABLE rows ("Odd id" text, n bytea, at timestamp, "Seen At" moment, PRIMARY KEY (n, "Odd id"));
      INSERT INTO rows VALUES ('a', '\\x00', '294250-01-01', '294276-12-31 23:59:59.999'), ('b', '\\x00', 'infinity', '-infinity'),
        ('c', '\\x00', NULL, '2024-05-06 07:08:09'), ('d', '\\x00', '294276-12-31 23:59:59.000001', NULL);
      CREATE TABLE keyless (at timestamp, id int); ALTER TABLE keyless REPLICA IDENTITY FULL;
      INSERT INTO keyless VALUES ('294250-01-01', 1);
      CREATE TABLE dated (id int, at timestamp, note text, PRIMARY KEY (id, at));
      INSERT INTO dated VALUES (1, 'infinity', 'usual'), (2, '294250-01-01', 'late'), (3, '2024-01-01', '')`);
    const row = (id: string, at: unknown, seen: unknown): JsonRow => ({
      'Odd id': id,
      n: '00',
      at,
      'Seen At': seen,
    });
    expect(
      await decoded('rows', [
        row('a', full, wrapped),
        row('b', full, lowest),
        // written late, and something else meanwhile
        row('c', wrapped, full),
        row('d', lowest, null),
        row('gone', wrapped, full),
        row('earlier', 0, '-62135596800000000'),
      ]),
    ).toEqual([
      ['a', '\\x00', '294250-01-01 00:00:00', '294276-12-31 23:59:59.999'],
      ['b', '\\x00', 'infinity', '-infinity'],
      ['c', '\\x00', null, '2024-05-06 07:08:09'],
      ['d', '\\x00', '294276-12-31 23:59:59.000001', null],
      ['gone', '\\x00', 'infinity', 'infinity'],
      ['earlier', '\\x00', '1970-01-01 00:00:00', '0001-01-01 00:00:00'],
    ]);
    expect(await decoded('keyless', [{ at: full, id: 1 }], { key: ['id'] })).toEqual([
      ['294250-01-01 00:00:00', '1'],
    ]);
    const late = { id: 2, at: full, note: 'late' };
    expect(await decoded('dated', [{ id: 1, at: full, note: 'usual' }])).toEqual([
      ['1', 'infinity', 'usual'],
    ]);
    await expect(decoded('dated', [late])).rejects.toMatchObject({
      code: 'DECODE_FAILED',
      message: expect.stringContaining('public.dated.at identifies rows'),
    });
    await client.query(`UPDATE dated SET at = '2024-01-01' WHERE id = 2`);
    expect(await decoded('dated', [late, { ...late, at: wrapped }])).toEqual([
      ['2', 'infinity', 'late'],
      // known by its fraction, so that no row with infinity is taken for it
      ['2', '294276-12-31 23:59:59.000010', 'late'],
    ]);
    // One with infinity that was there before a change is not the one that it is about: that was late, and is gone.
    const { rows } = await client.query<{ own: string; next: string }>(
      'SELECT xmin::text AS own, pg_current_xact_id()::text AS next FROM dated WHERE id = 1',
    );
    const usual = { id: 1, at: full, note: 'usual' };
    const xid = Number(rows[0]?.next);
    await expect(decoded('dated', [usual], { xid })).rejects.toMatchObject({
      code: 'DECODE_FAILED',
      message: expect.stringContaining('public.dated.at identifies rows and held times'),
    });
    expect(await decoded('dated', [usual], { xid: Number(rows[0]?.own) })).toEqual([
      ['1', 'infinity', 'usual'],
    ]);
    // And the late one goes as infinity does: what was there before it went is there, and is read again, whole.
    const stays = async (id: number, went: number): Promise<unknown> => {
      const table = { schema: 'public', table: 'dated' };
      const shape = await loadShape(client, table, ['id', 'at', 'note']);
      const before = { id, at: full, note: null };
      const change: ReadChange = {
        shape,
        rekey: null,
        envelope: { ...table, op: 'd', xid: went, before, after: null } as unknown as Envelope,
      };
      await readAgain(source, [change]);
      return change.stays && shape.after(change.stays);
    };
    const whole = { id: '1', at: 'infinity', note: 'usual' };
    expect(await stays(1, xid)).toEqual(whole);
    // it may be there again since, or written again, which its own event tells
    expect(await stays(1, Number(rows[0]?.own))).toBeUndefined();
    expect(await stays(3, xid)).toBeUndefined();
    await client.query(`UPDATE dated SET note = 'again' WHERE id = 1`);
    expect(await stays(1, xid)).toBeUndefined();
    await client.query('ALTER TABLE rows DROP at');
    expect(await decoded('rows', [row('a', full, 0)])).toEqual([
      ['a', '\\x00', '1970-01-01 00:00:00'],
    ]);
  } finally {
    await source.close();
    await database.drop();
  }
});

test('on Kafka, arrays have the bounds and dimensions that their source has, and NULLs only where it has them', async () => {
  const database = await createTestDatabase('arrays');
  const client = await connect(database.url, { applicationName: 'test' });
  const source = new SourceQueries(client);
  const decoded = decoder(client, source);
  try {
    await client.query(`
      CREATE TABLE rows (id int PRIMARY KEY, n int[], t text[], d date);
      INSERT INTO rows VALUES (1, '[2:4]={1,2,3}', '[0:0]={a}', '0044-03-15 BC'), (2, '{NULL,NULL}', '{NULL}', 'infinity'),
        (3, '{{1,2},{3,4}}', '[0:0][3:4]={{a,NULL}}', NULL), (4, '{1}', '{a}', '2024-01-01'), (5, NULL, NULL, NULL), (9, '[2:2]={7}', '{b}', NULL);
      CREATE TABLE whole (id int PRIMARY KEY, n int[]); ALTER TABLE whole REPLICA IDENTITY FULL;
      INSERT INTO whole VALUES (1, '{{1}}'), (2, '[3:3]={1}')`);
    const java = '[Ljava.lang.String;@5afa2c9e';
    const row = (id: number, n: unknown, t: unknown, d: unknown = null): JsonRow => ({
      id,
      n,
      t,
      d,
    });
    expect(
      await decoded('rows', [
        row(1, [1, 2, 3], ['a']),
        row(2, [null, null], [null]),
        row(3, [null, null], [java]),
        row(4, [1], ['a']),
        // another array, or none, meanwhile
        row(4, [null], [java, java]),
        row(5, [null], [java]),
        row(6, [null, null], ['b']),
        row(5, null, []),
      ]),
    ).toEqual([
      ['1', '[2:4]={1,2,3}', '[0:0]={a}', null],
      ['2', '{NULL,NULL}', '{NULL}', null],
      ['3', '{{1,2},{3,4}}', '[0:0][3:4]={{a,NULL}}', null],
      ['4', '{1}', '{a}', null],
      ['4', '{1}', '{a}', null],
      ['5', '{NULL}', '{NULL}', null],
      ['6', '{NULL,NULL}', '{b}', null],
      ['5', null, '{}', null],
    ]);
    // What an update left alone is not told, but under another key it is looked for.
    const codes = [...Buffer.from(unavailable)];
    const left = [row(9, codes, [unavailable])];
    expect(await decoded('rows', left, { op: 'u' })).toEqual([['9', null]]);
    expect(await decoded('rows', left, { rekey: 'to' })).toEqual([['9', '[2:2]={7}', '{b}', null]]);
    // also one that would have come whole: by its old key another row was found, perhaps
    const plain = [row(4, codes, [unavailable])];
    expect(await decoded('rows', plain, { rekey: 'to' })).toEqual([['4', '{1}', '{a}', null]]);
    // Under REPLICA IDENTITY FULL the old row stands in for what the new one leaves out.
    const options = { op: 'u', before: { id: 1, n: [null] } };
    expect(await decoded('whole', [{ id: 1, n: codes }], options)).toEqual([['1', '{{1}}']]);
    expect(
      await decoded('whole', [{ id: 2, n: codes }], { op: 'u', before: { id: 2, n: [1] } }),
    ).toEqual([['2', '[3:3]={1}']]);
    // Rows of a resync have dates in the calendar of their time, and others for infinity.
    const days = [
      row(1, null, null, -703383),
      row(2, null, null, -622191234),
      row(4, null, null, 19723),
    ];
    expect(
      (await decoded('rows', days, { op: 'r' })).map((found) => (found as string[])[3]),
    ).toEqual(['0044-03-15 BC', 'infinity', '2024-01-01']);
    const gone = [row(7, null, null, -622191234), row(8, null, null, 19723)];
    expect(
      (await decoded('rows', gone, { op: 'r' })).map((found) => (found as string[])[3]),
    ).toEqual(['infinity', '2024-01-01']);
  } finally {
    await source.close();
    await database.drop();
  }
});

test('on Kafka, a row is read again when its change can be seen there, and not where a column of it is gone', async () => {
  const database = await createTestDatabase('unseen');
  const client = await connect(database.url, { applicationName: 'test' });
  const source = new SourceQueries(client);
  const writer = await connect(database.url, { applicationName: 'test-writer' });
  const things = { schema: 'public', table: 'things' };
  const change = (shape: TableShape, xid: string, n: unknown) => ({
    shape,
    rekey: null,
    envelope: {
      ...things,
      op: 'u',
      xid: Number(BigInt(xid) % 2n ** 32n),
      before: null,
      after: { id: 1, n, at: null },
    } as unknown as Envelope,
  });
  try {
    await client.query(`CREATE TABLE things (id int PRIMARY KEY, n int[], at timestamp);
      INSERT INTO things VALUES (1, '{{1}}', NULL)`);
    const shape = await loadShape(client, things, ['id', 'n', 'at']);
    // As a commit that waits for a standby: in the log, and nobody sees it.
    await writer.query(`BEGIN; UPDATE things SET n = '{{2}}'`);
    const { rows } = await writer.query<{ xid: string }>(
      'SELECT pg_current_xact_id()::text AS xid',
    );
    const written = change(shape, rows[0]?.xid ?? '', [null]);
    const reading = readAgain(source, [written]);
    // Asked after it: its first question is answered.
    await source.run(() => Promise.resolve());
    await writer.query('COMMIT');
    await reading;
    expect(shape.after(written.envelope.after ?? {})).toMatchObject({ n: '{{2}}' });

    // Of a server that has given out many times 32 bits: before the next one, and just after it.
    const [bits, next] = [2n ** 32n, 3n * 2n ** 32n + 10n];
    const { rows: whole } = await client.query<{ id: string }>(
      `SELECT ${wholeId} AS id FROM unnest($1::bigint[], $2::bigint[]) AS ids(x, next)`,
      [
        [7n, 5n, 4294967290n, 12n, 2n],
        [9n, next, next, next, next - 12n],
      ],
    );
    expect(whole.map(({ id }) => BigInt(id))).toEqual([
      7n,
      3n * bits + 5n,
      2n * bits + 4294967290n,
      3n * bits + 12n,
      3n * bits + 2n,
    ]);

    await client.query('ALTER TABLE things DROP at');
    await expect(readAgain(source, [change(shape, '3', [null])])).rejects.toMatchObject({
      code: 'COLUMN_MISSING',
    });
  } finally {
    await writer.end();
    await source.close();
    await database.drop();
  }
});

test('on Kafka, a key that Debezium does not bring is refused by name before anything begins', async () => {
  const database = await createTestDatabase('keys');
  const client = await connect(database.url, { applicationName: 'test' });
  const refused = (table: string, key?: readonly string[]): Promise<unknown> =>
    refuseUnsupportedColumns(client, [{ schema: 'public', table, ...(key && { key }) }]).then(
      () => [],
      (error: { code: string; details: { columns: { name: string }[] } }) => [
        error.code,
        ...error.details.columns.map((column) => column.name),
      ],
    );
  try {
    await client.query(`
      CREATE TABLE listed ("Ids" int[] PRIMARY KEY, other int[]); CREATE TABLE dated (id int, at timestamp, later timestamp, PRIMARY KEY (id, at));
      CREATE TABLE named (at timestamp(3), id int); ALTER TABLE named REPLICA IDENTITY FULL;
      INSERT INTO dated VALUES (1, 'infinity', '294250-01-01'); INSERT INTO named VALUES ('294250-01-01', 1)`);
    expect(await refused('listed')).toEqual(['TYPE_UNSUPPORTED', 'Ids']);
    await client.query(
      `ALTER TABLE listed ADD CHECK (array_ndims("Ids") = 1 AND array_lower("Ids", 1) = 1)`,
    );
    expect(await refused('listed')).toEqual([]);
    expect(await refused('dated')).toEqual([]);
    await client.query(`INSERT INTO dated VALUES (1, '294250-01-01', NULL)`);
    expect(await refused('dated')).toEqual(['TYPE_UNSUPPORTED', 'at']);
    expect(await refused('named', ['id'])).toEqual([]);
    expect(await refused('named', ['at', 'id'])).toEqual(['TYPE_UNSUPPORTED', 'at']);

    // A resync reads the rows in another way.
    const resync = (table: string, key?: readonly string[]): Promise<number> =>
      countResyncRows(
        client,
        'goods',
        [{ schema: 'public', table }],
        new Map(key && [[`public.${table}`, key]]),
      );
    await client.query(`CREATE DOMAIN day AS date; CREATE DOMAIN holiday AS day;
      CREATE TABLE days ("Day" date PRIMARY KEY, born date); CREATE TABLE holidays ("Day" holiday PRIMARY KEY, born holiday);
      CREATE TABLE numbered (id int PRIMARY KEY, "Day" day);
      INSERT INTO days VALUES ('1582-10-15', '0044-03-15 BC'); INSERT INTO holidays SELECT * FROM days;
      INSERT INTO numbered VALUES (1, '1582-10-15')`);
    for (const [table, key] of [['days'], ['holidays'], ['numbered', ['Day']]] as const) {
      expect(await resync(table, key)).toBe(0);
      for (const day of ['1582-10-14', 'infinity']) {
        await client.query(`UPDATE ${table} SET "Day" = $1`, [day]);
        await expect(resync(table, key)).rejects.toMatchObject({
          code: 'MOVE_NOT_ALLOWED',
          message: expect.stringContaining('in Day, which identifies its rows'),
        });
      }
    }
    expect(await resync('numbered')).toBe(0);
  } finally {
    await client.end();
    await database.drop();
  }
});
