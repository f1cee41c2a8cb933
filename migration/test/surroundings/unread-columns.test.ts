import { expect, test } from '@jest/globals';
import { createTestDatabase } from '@strangler-toolkit/dev-stack';
import { connect } from '../../src/database/connect.ts';
import { carriedTables, readColumns } from '../../src/stream/kafka/carried-columns.ts';
import {
  columnTypesFromText,
  onlyRead,
  readColumnTypes,
  refuseRetyped,
} from '../../src/stream/kafka/column-types.ts';
import type { Envelope, JsonRow } from '../../src/stream/kafka/decode/envelope.ts';
import { readLateTimes } from '../../src/stream/kafka/late-times.ts';
import { SourceQueries } from '../../src/stream/kafka/source-queries.ts';
import { loadShape } from '../../src/stream/kafka/table-shape.ts';

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

test('on Kafka, times past the end of 64 bits are what their source has; a key that cannot be told stops', async () => {
  const database = await createTestDatabase('late');
  const client = await connect(database.url, { applicationName: 'test' });
  const source = new SourceQueries(client);
  const decoded = async (
    name: string,
    rows: readonly JsonRow[],
    key: readonly string[] = [],
  ): Promise<unknown[]> => {
    const table = { schema: 'public', table: name };
    const columns = Object.keys(rows[0] ?? {});
    const keys = new Map([[`public.${name}`, key]]);
    const shape = await loadShape(client, table, columns, { keys });
    const changes = rows.map((after) => ({
      shape,
      envelope: { ...table, before: null, after } as unknown as Envelope,
    }));
    await readLateTimes(source, changes);
    return changes.map(({ envelope: { after } }) => Object.values(shape.after(after ?? {})));
  };
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
    expect(await decoded('keyless', [{ at: full, id: 1 }], ['id'])).toEqual([
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
      ['2', 'infinity', 'late'],
    ]);
    await client.query('ALTER TABLE rows DROP at');
    expect(await decoded('rows', [row('a', full, 0)])).toEqual([
      ['a', '\\x00', '1970-01-01 00:00:00'],
    ]);
  } finally {
    await source.close();
    await database.drop();
  }
});
