import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { sharedKafka, until } from '@strangler-toolkit/dev-stack';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import { assertContinuity } from '../../src/stream/kafka/assert-continuity.ts';
import { withAdmin } from '../../src/stream/kafka/kafka-client.ts';
import {
  codeOf,
  type KafkaLeg,
  kafkaLeg,
  nextTransaction,
  type Opened,
  testDatabase,
  transactionsUntil,
} from '../parity/kafka-source.ts';

describeWithKafka('what kafkajs and the broker do to a reader', () => {
  let db: Awaited<ReturnType<typeof testDatabase>>;
  let leg: KafkaLeg;
  let last = 0;
  const open: Opened[] = [];

  beforeAll(async () => {
    await sharedKafka();
    db = await testDatabase('trap_group', 'CREATE TABLE items (id int PRIMARY KEY, n int)');
    leg = await kafkaLeg(db.database.url, 'trap', ['items']);
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map(({ stream }) => stream.close()));
  });
  afterAll(async () => {
    await leg?.[Symbol.asyncDispose]();
    await db?.[Symbol.asyncDispose]();
  });

  const topic = (): string => `${leg.name}.public.items`;
  const openStream = async (...options: Parameters<KafkaLeg['open']>): Promise<Opened> => {
    const opened = await leg.open(...options);
    open.push(opened);
    return opened;
  };
  /** As many transactions of one row. */
  const insert = async (count: number): Promise<string[]> => {
    const ids = Array.from({ length: count }, () => String((last += 1)));
    for (const id of ids) await db.client.query('INSERT INTO items VALUES ($1, 0)', [id]);
    return ids;
  };
  const readTo = async (opened: Opened, id: string | undefined): Promise<string[]> =>
    (
      await transactionsUntil(opened.messages, ({ events }) =>
        events.some(({ after }) => after?.id === id),
      )
    ).flatMap(({ events }) => events.map(({ after }) => String(after?.id)));

  test('offsets that the group committed are never believed: those stored with the data are', async () => {
    const opened = await openStream();
    const first = await insert(20);
    expect(await readTo(opened, first.at(-1))).toEqual(first);
    await opened.stream.close();
    const second = await insert(20);
    await withAdmin(leg.settings.kafka, 'commit ahead', async (admin) => {
      await until(
        'the group is empty',
        async () => (await admin.describeGroups([leg.name])).groups[0]?.state === 'Empty',
      );
      await until(
        'all is in Kafka',
        async () =>
          (await admin.fetchTopicOffsets(topic())).reduce(
            (sum, { high }) => sum + Number(high),
            0,
          ) >= 40,
      );
      await admin.setOffsets({
        groupId: leg.name,
        topic: topic(),
        partitions: (await admin.fetchTopicOffsets(topic())).map(({ partition, high }) => ({
          partition,
          offset: high,
        })),
      });
    });
    // nothing stored: everything comes again
    expect(await readTo(await openStream(), second.at(-1))).toEqual([...first, ...second]);
  });

  test('the worker that began last gets all partitions; the earlier one fails and what it has is still in order', async () => {
    const older = await openStream();
    const before = await insert(3);
    const seen = await readTo(older, before.at(-1));
    const newer = await openStream();
    const after = await insert(5);
    const got = await readTo(newer, after.at(-1));
    expect(got.slice(0, seen.length)).toEqual(seen);
    expect(got.slice(-8)).toEqual([...before, ...after]);
    expect(
      await codeOf(
        (async () => {
          for (;;) await nextTransaction(older.messages);
        })(),
      ),
    ).toBe('KAFKA_UNREACHABLE');
  });

  test('a zombie that was overtaken and comes back does not get its partitions again', async () => {
    const zombie = await openStream();
    await nextTransaction(zombie.messages);
    const newer = await openStream();
    await nextTransaction(newer.messages);
    // the overtaken one never closes its consumer; the group is balanced once more when a third joins and leaves
    const third = await openStream();
    await nextTransaction(third.messages);
    await third.stream.close();
    const ids = await insert(3);
    expect(
      await codeOf(
        (async () => {
          for (;;) await nextTransaction(newer.messages);
        })(),
      ),
    ).toBe('KAFKA_UNREACHABLE');
    expect((await readTo(await openStream(), ids.at(-1))).slice(-3)).toEqual(ids);
  });

  test('a reader goes on from its checkpoint: what was applied does not come again', async () => {
    const opened = await openStream();
    const first = await insert(10);
    await readTo(opened, first.at(-1));
    const end = await until('a checkpoint behind them', async () => {
      opened.stream.probe();
      const { value } = await opened.messages.next();
      return value.kind === 'idle' && value;
    });
    const second = await insert(2);
    await opened.stream.close();
    expect(
      await readTo(
        await openStream({ from: end.lsn, checkpoint: { ...opened.checkpoint } }),
        second.at(-1),
      ),
    ).toEqual(second);
    // offsets older than the position, as after a crash between two checkpoints
    expect(await readTo(await openStream({ from: end.lsn }), second.at(-1))).toEqual(second);
  });

  test('a consumer that takes nothing stops the reading, and loses nothing of 100,000 changes', async () => {
    const opened = await openStream();
    await opened.stream.take();
    const rows = 100_000;
    await db.client.query(
      `INSERT INTO items SELECT 1000000 + g, g FROM generate_series(1, $1::int) g`,
      [rows],
    );
    await withAdmin(leg.settings.kafka, 'look', (admin) =>
      until(
        'all is in Kafka',
        async () =>
          (await admin.fetchTopicOffsets(topic())).reduce(
            (sum, { high }) => sum + Number(high),
            0,
          ) >= rows,
      ),
    );
    let seen = 0;
    let most = 0;
    while (seen < rows) {
      const events = (await opened.stream.take()).flatMap((message) =>
        message.kind === 'changes' ? message.events : [],
      );
      most = Math.max(most, events.length);
      for (const { after } of events) {
        if (Number(after?.id) < 1_000_000) continue;
        seen += 1;
        if (Number(after?.n) !== seen) throw new Error(`${after?.n} came instead of ${seen}`);
      }
    }
    expect(seen).toBe(rows);
    expect(most).toBeLessThan(rows / 2);
  });

  test('messages that retention removed before they were read are POSITION_GAP, at the start and while reading', async () => {
    const slow = await openStream();
    await slow.stream.take();
    await withAdmin(leg.settings.kafka, 'shorten', async (admin) => {
      for (const name of [topic(), `${leg.name}.transaction`]) {
        await admin.deleteTopicRecords({
          topic: name,
          partitions: (await admin.fetchTopicOffsets(name)).map(({ partition, high }) => ({
            partition,
            offset: high,
          })),
        });
      }
    });
    await insert(3);
    expect(
      await codeOf(
        (async () => {
          for (;;) await slow.stream.take();
        })(),
      ),
    ).toBe('POSITION_GAP');
    expect(await codeOf(openStream({ checkpoint: {} }))).toBe('POSITION_GAP');
  });

  test("an offset that was passed over is a gap when retention took its message, and none when it was a marker of Kafka's own", async () => {
    const place = await withAdmin(leg.settings.kafka, 'look', async (admin) => {
      await insert(3);
      return until('a message that is kept', async () =>
        (await admin.fetchTopicOffsets(topic())).find(
          ({ low, high }) => Number(low) > 0 && Number(high) > Number(low),
        ),
      );
    });
    const low = Number(place.low);
    const look = (wanted: number, first: number): Promise<string> =>
      codeOf(
        assertContinuity(
          { topic: topic(), partition: place.partition, wanted },
          { first, highWatermark: Number(place.high) },
          leg.settings.kafka,
          'trap',
        ),
      );
    expect(await look(low - 1, low)).toBe('POSITION_GAP');
    expect(await look(low, low + 1)).toBe('no failure');
    expect(await look(Number(place.high) + 1, low)).toBe('POSITION_GAP');
  });

  test('a topic that ends before what was read of it is POSITION_GAP: somebody made it anew', async () => {
    expect(await codeOf(openStream({ checkpoint: { [`${topic()}/0`]: '99999999' } }))).toBe(
      'POSITION_GAP',
    );
  });
});
