import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sharedKafka, until } from '@strangler-toolkit/dev-stack';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import { connect } from '../../src/database/connect.ts';
import { listDeadLetters } from '../../src/replica/dead-letters.ts';
import { verify } from '../../src/verify/index.ts';
import { follow, type Follower } from '../parity/follower.ts';
import { type KafkaLeg, kafkaLeg, testDatabase } from '../parity/kafka-source.ts';

const ddl = `
CREATE TABLE parents (id int PRIMARY KEY, total int NOT NULL);
CREATE TABLE children (id int PRIMARY KEY, parent int NOT NULL, amount int NOT NULL);`;
const columns = { parents: ['id', 'total'], children: ['id', 'parent', 'amount'] };
const mappings = Object.entries(columns).map(([table, names]) => ({
  monolith: table,
  service: [{ table, columns: Object.fromEntries(names.map((name) => [name, name])) }] as const,
}));

describeWithKafka('a target that is written from Kafka', () => {
  let db: Awaited<ReturnType<typeof testDatabase>>;
  let target: Awaited<ReturnType<typeof testDatabase>>;
  let leg: KafkaLeg;
  let follower: Follower;

  beforeAll(async () => {
    await sharedKafka();
    db = await testDatabase('trap_apply_source', ddl);
    target = await testDatabase(
      'trap_apply_target',
      `${ddl}
      ALTER TABLE children ADD CHECK (amount < 1000);
      CREATE TABLE written (t text, id int, n bigint NOT NULL, PRIMARY KEY (t, id));
      CREATE FUNCTION note_written() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO written VALUES (TG_TABLE_NAME, NEW.id, 1) ON CONFLICT (t, id) DO UPDATE SET n = written.n + 1; RETURN NEW; END $$;
      CREATE TRIGGER note AFTER INSERT OR UPDATE ON children FOR EACH ROW EXECUTE FUNCTION note_written();
      ALTER TABLE children ENABLE ALWAYS TRIGGER note;
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'a rule of the service'; END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON parents FOR EACH ROW EXECUTE FUNCTION refuse();`,
    );
    leg = await kafkaLeg(db.database.url, 'trap', ['parents', 'children']);
    follower = await follow(leg, target.database.url, mappings);
  });
  afterAll(async () => {
    await follower?.[Symbol.asyncDispose]();
    await leg?.[Symbol.asyncDispose]();
    await target?.[Symbol.asyncDispose]();
    await db?.[Symbol.asyncDispose]();
  });

  const caughtUp = async (): Promise<void> => {
    const { rows } = await db.client.query<{ lsn: string }>(
      `SELECT (pg_current_wal_lsn() - '0/0')::text AS lsn`,
    );
    await until('everything is applied', async () => {
      if (follower.failure !== undefined) throw follower.failure;
      return (await follower.appliedPosition()) >= BigInt(rows[0]?.lsn ?? 0);
    });
  };
  const differences = async (): Promise<number> =>
    (
      await verify({
        mapping: follower.mapping,
        monolithUrl: db.database.url,
        serviceUrl: target.database.url,
        direction: 'forward',
        appliedPosition: () => follower.appliedPosition(),
        catchUpMs: 60_000,
      })
    ).differences;

  test('whoever reads the target sees whole source transactions only, while rows of three partitions and two tables arrive', async () => {
    await db.client.query(`INSERT INTO parents SELECT g, 0 FROM generate_series(1, 20) g`);
    await follower.start();
    const reader = await connect(target.database.url, { applicationName: 'test-reader' });
    let looking = true;
    const wrong: unknown[] = [];
    let looks = 0;
    const look = (async () => {
      while (looking) {
        const { rows } = await reader.query(
          `SELECT p.id, p.total, coalesce(sum(c.amount), 0) AS parts FROM parents p LEFT JOIN children c ON c.parent = p.id GROUP BY p.id HAVING p.total <> coalesce(sum(c.amount), 0)`,
        );
        wrong.push(...rows);
        looks += 1;
      }
    })();
    for (let n = 1; n <= 300; n += 1) {
      const parent = 1 + (n % 20);
      await db.client
        .query(`BEGIN; INSERT INTO children SELECT ${n * 10} + g, ${parent}, g FROM generate_series(1, 3) g; UPDATE parents SET total = total + 6 WHERE id = ${parent};
        ${n % 10 === 0 ? `UPDATE children SET id = -id WHERE id = ${n * 10 + 1};` : ''} ${n % 25 === 0 ? `DELETE FROM children WHERE parent = ${parent}; UPDATE parents SET total = 0 WHERE id = ${parent};` : ''} COMMIT`);
    }
    await caughtUp();
    looking = false;
    await look;
    await reader.end();
    expect(looks).toBeGreaterThan(20);
    expect(wrong).toEqual([]);
    expect(await differences()).toBe(0);
  });

  test('triggers of the target do not run for rows that replication writes: they ran where the rows were made', async () => {
    await expect(target.client.query('INSERT INTO parents VALUES (-1, 0)')).rejects.toThrow(
      'a rule of the service',
    );
    expect((await target.client.query('SELECT FROM parents')).rowCount).toBe(20);
  });

  test('a reader that is stopped again and again applies no change twice and none never', async () => {
    await db.client.query('TRUNCATE parents, children');
    await caughtUp();
    await target.client.query('TRUNCATE written');
    let writing = true;
    const stops = (async () => {
      for (let n = 0; writing || n < 3; n += 1) {
        await follower.stop();
        await follower.start();
        const before = follower.transactions.length;
        await until(
          'some are applied',
          () => !writing || follower.transactions.length > before + 15,
        );
      }
    })();
    for (let n = 1; n <= 400; n += 1)
      await db.client.query(`INSERT INTO children VALUES (${n}, 1, 1)`);
    for (let n = 1; n <= 400; n += 1)
      await db.client.query(`UPDATE children SET amount = amount + 1 WHERE id = ${1 + (n % 100)}`);
    writing = false;
    await stops;
    await caughtUp();
    expect(await differences()).toBe(0);
    const { rows } = await target.client.query<{ most: string }>(
      'SELECT max(n)::text AS most FROM written',
    );
    // one insert and four updates; folding changes of one batch makes it fewer, a change applied twice more
    expect(Number(rows[0]?.most)).toBeLessThanOrEqual(5);
  });

  test('a change that the target refuses goes to the dead letters with its key; the stream goes on', async () => {
    await db.client.query(`INSERT INTO children VALUES (9001, 1, 5000), (9002, 1, 1)`);
    await caughtUp();
    await db.client.query(
      `UPDATE children SET amount = 2 WHERE id = 9001; INSERT INTO children VALUES (9003, 1, 1)`,
    );
    await caughtUp();
    const { rows } = await target.client.query<{ id: string }>(
      'SELECT id FROM children WHERE id > 9000 ORDER BY id',
    );
    expect(rows.map(({ id }) => Number(id))).toEqual([9002, 9003]);
    const letters = await listDeadLetters(target.client, { context: 'trap' });
    expect(letters.map(({ key, errorCode }) => [JSON.stringify(key), errorCode])).toEqual([
      [expect.stringContaining('9001'), '23514'],
      [expect.stringContaining('9001'), 'DEAD_LETTERS'],
    ]);
  });

  test('rows of an incremental snapshot stand in order with the changes of their keys', async () => {
    await db.client.query('TRUNCATE children');
    await db.client.query(`INSERT INTO children SELECT g, 1, 1 FROM generate_series(1, 3000) g`);
    await caughtUp();
    await target.client.query('DELETE FROM children WHERE id % 3 = 0');
    await target.client.query('UPDATE children SET amount = 77 WHERE id % 5 = 0');
    await db.client.query(
      `INSERT INTO strangler.signal VALUES ('again', 'execute-snapshot', '{"data-collections": ["public.children"], "type": "incremental"}')`,
    );
    for (let n = 1; n <= 200; n += 1)
      await db.client.query(`UPDATE children SET amount = amount + 1 WHERE id = ${n * 13}`);
    await db.client.query('DELETE FROM children WHERE id % 100 = 0');
    await until('the snapshot is over', async () => {
      const { rows } = await db.client.query(
        `SELECT count(*)::text AS windows FROM strangler.signal WHERE type = 'snapshot-window-close'`,
      );
      return Number(rows[0]?.windows) >= 2;
    });
    await follower.stop();
    await follower.start();
    await caughtUp();
    expect(await differences()).toBe(0);
  });
});
