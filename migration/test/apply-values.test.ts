import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@strangler-toolkit/dev-stack';
import type pg from 'pg';
import { Applier } from '../src/apply/applier.ts';
import { prepareApplySession } from '../src/apply/apply-session.ts';
import { listDeadLetters } from '../src/replica/dead-letters.ts';
import { eventFromJson } from '../src/apply/event-json.ts';
import { openStreamRow } from '../src/replica/streams.ts';
import { connect } from '../src/database/connect.ts';
import { installReplicaSchema } from '../src/replica/schema.ts';
import { loadMapping } from '../src/mapping/load.ts';
import type { CompiledMapping } from '../src/mapping/compiled-mapping.ts';
import type { ChangeEvent, Row } from '../src/stream/change-event.ts';
import type { StreamMessage } from '../src/stream/change-stream.ts';
import { encodeRow } from './encode-row.ts';

let database: TestDatabase;
let client: pg.Client;
let session: pg.Client;
let mapping: CompiledMapping;
let applier: Applier;

const columns = {
  id: 'bigint',
  plain: 'text',
  short: 'varchar(6)',
  code: 'char(3)',
  list: 'text[]',
  amount: 'numeric(12,2)',
  flag: 'boolean',
  doc: 'jsonb',
  raw: 'bytea',
  at: 'timestamptz',
  span: 'interval',
  net: 'inet',
  area: 'box',
  mood: 'mood',
  percent: 'percent',
};

beforeAll(async () => {
  database = await createTestDatabase('values');
  client = await connect(database.url, { applicationName: 'test' });
  session = await connect(database.url, { applicationName: 'test' });
  const list = Object.entries(columns)
    .map(([name, type]) => `${name} ${type}${name === 'id' ? ' PRIMARY KEY' : ''}`)
    .join(', ');
  await client.query(
    `CREATE TYPE mood AS ENUM ('fine', 'so, so', 'NULL'); CREATE DOMAIN percent AS integer CHECK (VALUE BETWEEN 0 AND 100); CREATE TABLE things (${list})`,
  );
  await installReplicaSchema(client);
  await prepareApplySession(session, null);
  mapping = await loadMapping(
    {
      context: 'things',
      data: 'replicated',
      monolith: { url: '' },
      service: { url: '' },
      routes: [],
      tables: [
        {
          monolith: 'things',
          service: [
            {
              table: 'things',
              columns: Object.fromEntries(Object.keys(columns).map((name) => [name, name])),
            },
          ],
        },
      ],
    },
    client,
    client,
  );
  await openStreamRow(
    client,
    { context: 'things', direction: 'forward' },
    { epoch: 1n, position: 100n },
  );
  applier = new Applier({
    client: session,
    mapping,
    context: 'things',
    direction: 'forward',
    epoch: 1n,
  });
});

afterAll(async () => {
  await client?.end();
  await session?.end();
  await database?.drop();
});

const nothing: Row = Object.fromEntries(Object.keys(columns).map((name) => [name, null]));
const transaction = (
  lsn: bigint,
  rows: readonly Row[],
  op: ChangeEvent['op'] = 'c',
): StreamMessage[] => [
  { kind: 'begin', commitLsn: lsn, commitTime: 0n, xid: 1 },
  {
    kind: 'changes',
    size: rows.length,
    events: rows.map((after, index): ChangeEvent => ({
      op,
      before: null,
      after,
      source: {
        connector: 'postgresql',
        db: 'd',
        schema: 'public',
        table: 'things',
        txId: 1,
        lsn,
        ts_us: 0n,
      },
      position: { commitLsn: lsn, index },
    })),
  },
  { kind: 'commit', commitLsn: lsn, endLsn: lsn + 5n, commitTime: 0n },
];
const stored = async (): Promise<unknown[]> =>
  (
    await client.query(
      `SELECT ${Object.keys(columns)
        .map((name) => `${name}::text`)
        .join(', ')} FROM things ORDER BY things.id`,
    )
  ).rows;

test.each(['c', 'u'] as const)(
  'values of every kind are written as they are, whatever is in them (%s)',
  async (op) => {
    const texts = [
      '',
      'NULL',
      'null',
      '"',
      '\\',
      '\\"',
      '{}',
      '{a,b}',
      ',',
      ' a ',
      "it's",
      'ä€😀',
      'tab\tnew\nline\r',
      '\\N',
      '\\.',
      "E'\\x41'",
      'x'.repeat(5000),
      `${'"\\'.repeat(300)}é`,
    ];
    const rows: Row[] = texts.map((plain, index) => ({ ...nothing, id: String(index + 1), plain }));
    rows.push({
      id: '100',
      plain: 'all',
      short: 'sechsä',
      code: 'a  ',
      list: '{"a,b","quote\\"",NULL,"NULL",""}',
      amount: '-12.50',
      flag: 'f',
      doc: '{"a": "\\"", "b": [null, "\\\\"]}',
      raw: '\\x00ff5c',
      at: '2026-11-21 08:00:00.123456+00',
      span: '1 day 02:03:04',
      net: '10.0.0.0/8',
      area: '(1,1),(0,0)',
      mood: 'so, so',
      percent: '7',
    });
    rows.push({ ...nothing, id: '101', mood: 'NULL' });
    await applier.apply(transaction(op === 'c' ? 200n : 300n, rows, op));
    const expected = rows.map((row) => ({
      ...row,
      code: row['code'] === 'a  ' ? 'a' : row['code'],
      flag: row['flag'] === 'f' ? 'false' : row['flag'],
    }));
    expect(await stored()).toEqual(expected);
  },
);

test.each([
  ['short', 'siebenx'],
  ['percent', '101'],
  ['amount', 'much'],
  ['mood', 'wild'],
  ['doc', '{"a"'],
  ['amount', '1","2'],
])(
  'a value that %s does not take (%s) is refused, not cut and not taken for two',
  async (column, value) => {
    await client.query(`DELETE FROM things; UPDATE strangler.dead_letters SET state = 'dropped'`);
    const { rows } = await client.query<{ position: string }>(
      `SELECT (position - '0/0')::text AS position FROM strangler.streams`,
    );
    await applier.apply(
      transaction(BigInt(rows[0]!.position) + 100n, [
        { ...nothing, id: '1' },
        { ...nothing, id: '2', [column]: value },
        { ...nothing, id: '3' },
      ]),
    );
    expect((await stored()).map((row) => (row as Row)['id'])).toEqual(['1', '3']);
    expect(
      (await listDeadLetters(client, { context: 'things' })).map(({ key }) => key['id']),
    ).toEqual(['2']);
  },
);

describe.each(['read', 'as they came'])('many created rows, %s', (how) => {
  // the long text last: cut off, it would be a row all the same
  const names = [...Object.keys(nothing).filter((name) => name !== 'plain'), 'plain'];
  const made = (lsn: bigint, rows: readonly Row[]): StreamMessage[] =>
    transaction(lsn, rows).map((message) =>
      message.kind === 'changes' && how === 'as they came'
        ? {
            ...message,
            events: message.events.map((event) => ({
              ...event,
              encoded: encodeRow(event.after ?? {}, names),
            })),
          }
        : message,
    );
  const position = async (): Promise<bigint> => {
    const {
      rows: [at],
    } = await client.query<{ position: string }>(
      `SELECT (position - '0/0')::text AS position FROM strangler.streams`,
    );
    return BigInt(at?.position ?? 0) + 100n;
  };
  const clear = (): Promise<unknown> =>
    client.query(`DELETE FROM things; UPDATE strangler.dead_letters SET state = 'dropped'`);
  // one that no refused row has made careful
  const apply = async (rows: readonly Row[]): Promise<void> => {
    await clear();
    await new Applier({
      client: session,
      mapping,
      context: 'things',
      direction: 'forward',
      epoch: 1n,
    }).apply(made(await position(), rows));
  };

  test("text that looks like COPY's own signs stays text", async () => {
    const rows: Row[] = Array.from({ length: 30 }, (_, index) => ({
      ...nothing,
      id: String(index + 1),
      plain: ['\\N', '\\x41', 'a\\tb', '\\\\', 'a\tb\nc\rd', '', 'ü😀'][index % 7] ?? '',
    }));
    await apply(rows);
    expect(await stored()).toEqual(rows);
  });

  test('come all, in as many pieces as they need, also where one is larger than a piece', async () => {
    const rows: Row[] = Array.from({ length: 1100 }, (_, index) => ({
      ...nothing,
      id: String(index + 1),
      plain: `${index}`.repeat(index === 1099 ? 100_000 : 100),
    }));
    await apply(rows);
    expect(await stored()).toEqual(rows);
  });

  test('the row that the table does not take waits, readable, and the others come', async () => {
    const rows: Row[] = Array.from({ length: 30 }, (_, index) => ({
      ...nothing,
      id: String(index + 1),
      percent: index === 17 ? '101' : null,
      plain: 'a\tb',
    }));
    await apply(rows);
    expect(await stored()).toEqual(rows.filter((_, index) => index !== 17));
    const [letter, ...others] = await listDeadLetters(client, { context: 'things' });
    expect(others).toEqual([]);
    expect(letter?.key).toEqual({ id: '18' });
    expect(eventFromJson(letter?.event ?? '').after).toEqual(rows[17]);
  });

  test('a row changed in the same batch comes as it is at the end', async () => {
    const rows: Row[] = Array.from({ length: 30 }, (_, index) => ({
      ...nothing,
      id: String(index + 1),
      plain: 'first',
    }));
    await clear();
    const [begin, , commit] = made(await position(), rows);
    const [, created] = made(await position(), rows);
    const [, changed] = transaction(
      await position(),
      [{ ...nothing, id: '3', plain: 'second' }],
      'u',
    );
    if (
      begin === undefined ||
      created === undefined ||
      changed === undefined ||
      commit === undefined
    )
      throw new Error('four messages');
    await new Applier({
      client: session,
      mapping,
      context: 'things',
      direction: 'forward',
      epoch: 1n,
    }).apply([begin, created, changed, commit]);
    expect(await stored()).toEqual(
      rows.map((row) => (row['id'] === '3' ? { ...row, plain: 'second' } : row)),
    );
  });
});
