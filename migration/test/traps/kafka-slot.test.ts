import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sharedKafka, until } from '@strangler-toolkit/dev-stack';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import { createSlot, dropSlot } from '../../src/stream/index.ts';
import {
  codeOf,
  type KafkaLeg,
  kafkaLeg,
  nextTransaction,
  type Opened,
  testDatabase,
} from '../parity/kafka-source.ts';

const never = new AbortController().signal;

describeWithKafka('a slot and the connector that reads it', () => {
  let db: Awaited<ReturnType<typeof testDatabase>>;
  const legs: KafkaLeg[] = [];

  beforeAll(async () => {
    await sharedKafka();
    db = await testDatabase(
      'trap_slot',
      'CREATE TABLE items (id serial PRIMARY KEY, n int); CREATE TABLE noise (t text)',
    );
  });
  afterAll(async () => {
    for (const leg of legs) await leg[Symbol.asyncDispose]();
    await db?.[Symbol.asyncDispose]();
  });

  const openLeg = async (
    ...args: [context: string, extra?: Parameters<typeof kafkaLeg>[3]]
  ): Promise<KafkaLeg> => {
    const leg = await kafkaLeg(db.database.url, args[0], ['items'], args[1]);
    legs.push(leg);
    return leg;
  };
  const insert = async (n: number): Promise<void> =>
    void (await db.client.query('INSERT INTO items (n) VALUES ($1)', [n]));
  /** Reads until the stream fails. */
  const failure = async (opened: Opened, seen: unknown[] = []): Promise<string> => {
    const nudge = setInterval(() => opened.stream.probe(), 200);
    return codeOf(
      (async () => {
        for (;;) {
          const { done, value } = await opened.messages.next();
          if (done) throw new Error('ended without a failure');
          if (value.kind === 'changes') seen.push(...value.events.map(({ after }) => after?.n));
        }
      })(),
    ).finally(() => clearInterval(nudge));
  };
  const freed = (leg: KafkaLeg): Promise<unknown> =>
    until('the slot is free', async () => {
      const { rows } = await db.client.query(
        'SELECT active::text AS active FROM pg_replication_slots WHERE slot_name = $1',
        [leg.slot],
      );
      return rows[0]?.active !== 'true';
    });
  /** Waits until Connect has stored how far the connector is. */
  const settled = async (leg: KafkaLeg): Promise<void> => {
    const { rows } = await db.client.query<{ lsn: string }>(
      `SELECT (pg_current_wal_lsn() - '0/0')::text AS lsn`,
    );
    await until(
      'Connect stored its offset',
      async () => Number((await leg.connect.offset(leg.name))?.lsn ?? 0) >= Number(rows[0]?.lsn),
    );
  };

  test('traffic outside of the publication does not pin the log: the heartbeat moves the slot on', async () => {
    const leg = await openLeg('noise');
    await insert(1);
    await db.client.query(
      `INSERT INTO noise SELECT repeat('x', 1000) FROM generate_series(1, 10000)`,
    );
    const { rows } = await db.client.query<{ lsn: string }>(
      'SELECT pg_current_wal_lsn()::text AS lsn',
    );
    await until('the slot passed the traffic', async () => {
      const status = await db.client.query<{ passed: string }>(
        'SELECT (confirmed_flush_lsn >= $2::pg_lsn)::text AS passed FROM pg_replication_slots WHERE slot_name = $1',
        [leg.slot, rows[0]?.lsn],
      );
      return status.rows[0]?.passed === 'true';
    });
    await leg.connect.stop(leg.name);
  });

  test('a slot that was dropped is SLOT_LOST: while reading, at the start of a reader and of the connector, which does not make it anew', async () => {
    const leg = await openLeg('lost');
    const opened = await leg.open();
    await insert(1);
    await nextTransaction(opened.messages);
    await leg.connect.stop(leg.name);
    await freed(leg);
    await dropSlot(db.client, leg.slot);
    await insert(2);
    expect(await failure(opened)).toBe('SLOT_LOST');
    expect(await codeOf(leg.open())).toBe('SLOT_LOST');
    expect(
      await codeOf(leg.transport.ensure(leg.source, { tables: leg.tables, signal: never })),
    ).toBe('SLOT_LOST');
    await leg.connect.resume(leg.name);
    // Its start statement fails each time: it tries again and again, and makes no slot.
    const {
      rows: [before],
    } = await db.client.query<{ beat: string }>(
      `SELECT beat FROM strangler.heartbeat WHERE context = 'lost'`,
    );
    await codeOf(
      leg.transport.ensure(leg.source, { tables: leg.tables, signal: AbortSignal.timeout(3000) }),
    );
    expect(
      (await db.client.query(`SELECT beat FROM strangler.heartbeat WHERE context = 'lost'`)).rows,
    ).toEqual([before]);
    expect(
      (await db.client.query('SELECT 1 FROM pg_replication_slots WHERE slot_name = $1', [leg.slot]))
        .rows,
    ).toEqual([]);
  });

  test('a slot that was made anew by hand stops the reader with POSITION_GAP, though the connector is asked to go on', async () => {
    const leg = await openLeg('anew');
    const opened = await leg.open();
    await insert(10);
    await nextTransaction(opened.messages);
    await settled(leg);
    await leg.connect.stop(leg.name);
    await freed(leg);
    // so quickly that nobody looked in between
    await dropSlot(db.client, leg.slot);
    await insert(11);
    await createSlot(db.client, leg.slot);
    await leg.connect.resume(leg.name);
    await insert(12);
    const seen: unknown[] = [];
    expect(await failure(opened, seen)).toMatch(/^(POSITION_GAP|SLOT_LOST)$/);
    expect(seen).toEqual([]);
  });

  test('a slot that was made anew between two runs is POSITION_GAP, also when the connector was started before the worker', async () => {
    const leg = await openLeg('between');
    const opened = await leg.open();
    await insert(15);
    await nextTransaction(opened.messages);
    await until('the connector noted what its slot decoded', async () => {
      const { rows } = await db.client.query(
        `SELECT FROM strangler.heartbeat WHERE context = 'between' AND (slot_seen ->> 'transactions')::bigint > 0`,
      );
      return rows.length > 0;
    });
    await settled(leg);
    await opened.stream.close();
    await leg.connect.stop(leg.name);
    await freed(leg);
    await insert(16);
    await dropSlot(db.client, leg.slot);
    await createSlot(db.client, leg.slot);
    const looks = async (): Promise<number> =>
      Number(
        (
          await db.client.query<{ looks: string }>(
            'SELECT xact_rollback::text AS looks FROM pg_stat_database WHERE datname = current_database()',
          )
        ).rows[0]?.looks,
      );
    const before = await looks();
    await leg.connect.resume(leg.name);
    await until('the connector reads the slot, or refuses to', async () => {
      const { rows } = await db.client.query<{ active: string }>(
        'SELECT active::text AS active FROM pg_replication_slots WHERE slot_name = $1',
        [leg.slot],
      );
      return rows[0]?.active === 'true' || (await looks()) > before;
    });
    expect(
      await codeOf(leg.transport.ensure(leg.source, { tables: leg.tables, signal: never })),
    ).toBe('POSITION_GAP');
    expect(await codeOf(leg.open())).toBe('POSITION_GAP');
  });

  test('a slot that was moved on while a reader ran skips a beat: POSITION_GAP, and nothing behind the hole is given out', async () => {
    const leg = await openLeg('ahead');
    const opened = await leg.open();
    await insert(20);
    await nextTransaction(opened.messages);
    await settled(leg);
    await leg.connect.stop(leg.name);
    await freed(leg);
    await insert(21);
    const beat = async (): Promise<number> =>
      Number(
        (
          await db.client.query<{ beat: string }>(
            `SELECT beat FROM strangler.heartbeat WHERE context = 'ahead'`,
          )
        ).rows[0]?.beat,
      );
    const before = await beat();
    opened.stream.probe();
    await until('the reader beats', async () => (await beat()) > before);
    await db.client.query('SELECT pg_replication_slot_advance($1, pg_current_wal_lsn())', [
      leg.slot,
    ]);
    await leg.connect.resume(leg.name);
    await insert(22);
    const seen: unknown[] = [];
    expect(await failure(opened, seen)).toBe('POSITION_GAP');
    expect(seen.flat()).not.toContain('21');
  });

  test('a slot that was moved on while nobody ran is POSITION_GAP before the connector goes on: it would not notice', async () => {
    const leg = await openLeg('moved');
    const opened = await leg.open();
    await insert(25);
    await nextTransaction(opened.messages);
    await settled(leg);
    await leg.connect.stop(leg.name);
    await freed(leg);
    await insert(26);
    await db.client.query('SELECT pg_replication_slot_advance($1, pg_current_wal_lsn())', [
      leg.slot,
    ]);
    expect(
      await codeOf(leg.transport.ensure(leg.source, { tables: leg.tables, signal: never })),
    ).toBe('POSITION_GAP');
    expect((await leg.connect.status(leg.name))?.state).toBe('STOPPED');
  });

  test('a connector that runs without provide.transaction.metadata is CONNECTOR_FAILED, not a stream without transactions', async () => {
    const leg = await openLeg('metadata');
    const config = await leg.connect.config(leg.name);
    await leg.connect.put(leg.name, { ...config, 'provide.transaction.metadata': 'false' });
    await until(
      'it runs again',
      async () => (await leg.connect.status(leg.name))?.tasks[0]?.state === 'RUNNING',
    );
    const opened = await leg.open();
    await insert(30);
    expect(await failure(opened)).toBe('CONNECTOR_FAILED');
    // a start of the worker puts it right and says so
    const differences: string[] = [];
    await leg.transport.ensure(leg.source, {
      tables: leg.tables,
      signal: never,
      onDifference: (lines) => differences.push(...lines),
    });
    expect(differences).toContainEqual('provide.transaction.metadata: false → true');
  });
});
