import { expect, test } from '@jest/globals';
import { createTestDatabase, until } from '@strangler-toolkit/dev-stack';
import type pg from 'pg';
import { connect } from '../../src/database/connect.ts';
import { testPair } from '../replica/pair.ts';

/** What somebody may have given a role or a database, and what each would do to a session that took it over. */
const hostile: Record<string, string> = {
  transaction_timeout: '5s',
  idle_session_timeout: '5s',
  idle_in_transaction_session_timeout: '5s',
  statement_timeout: '5s',
  lock_timeout: '1ms',
  default_transaction_read_only: 'on',
  default_transaction_isolation: 'serializable',
  search_path: 'elsewhere',
  DateStyle: 'SQL, DMY',
  TimeZone: 'Asia/Kathmandu',
  IntervalStyle: 'iso_8601',
  bytea_output: 'escape',
  extra_float_digits: '-15',
  session_replication_role: 'replica',
  synchronous_commit: 'off',
  array_nulls: 'off',
  quote_all_identifiers: 'on',
  transform_null_equals: 'on',
  gin_fuzzy_search_limit: '1',
  row_security: 'on',
};
const make = (name: string, value: string): string =>
  `EXECUTE format('ALTER DATABASE %I SET ${name} = ''${value}''', current_database());`;
const hostileDatabase = `DO $$ BEGIN ${Object.entries(hostile)
  .map(([name, value]) => make(name, value))
  .join(' ')} END $$;`;

test('no setting of a role or database reaches a session of ours, also on a replication connection', async () => {
  const database = await createTestDatabase('settings');
  const plain = await connect(database.url, { applicationName: 'test' });
  const names = Object.keys(hostile);
  const read = async (client: pg.Client): Promise<Record<string, string>> => {
    const values: Record<string, string> = {};
    for (const name of names) {
      const { rows } = await client.query(`SELECT current_setting('${name}') AS value`);
      values[name] = rows[0].value;
    }
    return values;
  };
  try {
    const wanted = await read(plain);
    await plain.query(hostileDatabase);
    for (const replication of [false, true]) {
      const client = await connect(database.url, { applicationName: 'test', replication });
      expect(await read(client)).toEqual(wanted);
      await client.end();
    }
    expect(wanted).toMatchObject({ row_security: 'off', search_path: 'public', lock_timeout: '0' });
  } finally {
    await plain.end();
    await database.drop();
  }
});

test('rows are copied and streamed as they are, whatever the databases’ own settings', async () => {
  const columns = `id int PRIMARY KEY, at timestamptz, day date, span interval, raw bytea, number float8, list text[], label shop.label, amount money`;
  const types = `CREATE SCHEMA shop; CREATE SCHEMA elsewhere; CREATE TYPE shop.label AS ENUM ('a', 'b');
    CREATE TYPE elsewhere.label AS ENUM ('x');`;
  const names = columns.split(', ').map((column) => column.split(' ')[0]!);
  const pair = await testPair(
    'hostile',
    `${types} CREATE TABLE things (${columns}); ${hostileDatabase}`,
    `${types} CREATE TABLE things (${columns}); ${hostileDatabase}`,
    [
      {
        monolith: 'things',
        service: [
          { table: 'things', columns: Object.fromEntries(names.map((name) => [name, name])) },
        ],
      },
    ],
  );
  const rows = async (client: pg.Client): Promise<unknown> =>
    (await client.query('SELECT * FROM things ORDER BY id')).rows;
  const insert = (from: number): Promise<unknown> =>
    pair.monolith.client.query(
      `INSERT INTO things SELECT n, '2024-03-04 05:06:07.123456+05:45', '2024-03-04', '1 year 2 days 03:04:05.6', '\\x005c27ff',
       0.1::float8 + 0.2::float8, ARRAY['NULL', NULL, 'x'], 'b', 12.34 FROM generate_series(${from}, ${from + 9}) n`,
    );
  try {
    await insert(1);
    await pair.copy();
    expect(await rows(pair.service.client)).toEqual(await rows(pair.monolith.client));
    await pair.replicate(0);
    await insert(11);
    await pair.monolith.client.query(`UPDATE things SET day = day + 1 WHERE id < 5`);
    await until('what was streamed is there', async () => {
      const found = (await rows(pair.service.client)) as { id: string; day: string }[];
      return found.length === 20 && found[0]?.day === '2024-03-05';
    });
    expect(await rows(pair.service.client)).toEqual(await rows(pair.monolith.client));
  } finally {
    await pair.close();
  }
});
