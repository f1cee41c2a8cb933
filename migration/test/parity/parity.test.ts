import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sharedKafka, until } from '@strangler-toolkit/dev-stack';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import { connect } from '../../src/database/connect.ts';
import { verify } from '../../src/verify/index.ts';
import { follow, type Follower } from './follower.ts';
import {
  comparable,
  embeddedLeg,
  kafkaLeg,
  type Leg,
  testDatabase,
  type Transaction,
} from './kafka-source.ts';
import { runWorkload, sourceDdl, tableMappings, tables, targetDdl } from './workload.ts';

const seed = Number(process.env.PARITY_SEED ?? 4);
const bigRows = 50_000;

describeWithKafka(`one workload (seed ${seed}) through both transports`, () => {
  const opened: AsyncDisposable[] = [];
  const keep = <T extends AsyncDisposable>(resource: T): T => (opened.push(resource), resource);
  let legs: { embedded: Leg; kafka: Leg };
  let followers: { embedded: Follower; kafka: Follower };
  let sourceUrl: string;
  let targetUrls: { embedded: string; kafka: string };

  beforeAll(async () => {
    await sharedKafka();
    const source = keep(await testDatabase('parity_source', sourceDdl));
    const targets = {
      embedded: keep(await testDatabase('parity_embedded', targetDdl)),
      kafka: keep(await testDatabase('parity_kafka', targetDdl)),
    };
    sourceUrl = source.database.url;
    targetUrls = { embedded: targets.embedded.database.url, kafka: targets.kafka.database.url };
    const keyColumns = {
      forward: new Map([['public.keyless', ['code', 'n']]]),
      reverse: new Map(),
    };
    legs = {
      embedded: keep(await embeddedLeg(sourceUrl, 'parity-embedded', tables)),
      kafka: keep(await kafkaLeg(sourceUrl, 'parity-kafka', tables, { keyColumns })),
    };
    let barriers = { embedded: 0, kafka: 0 };
    const mark =
      (leg: 'embedded' | 'kafka') =>
      ({
        source: { table },
        after,
      }: {
        source: { table: string };
        after: Readonly<Record<string, string | null>> | null;
      }) => {
        if (table === 'barriers') barriers = { ...barriers, [leg]: Number(after?.id) };
      };
    followers = {
      embedded: keep(
        await follow(legs.embedded, targetUrls.embedded, tableMappings, mark('embedded')),
      ),
      kafka: keep(await follow(legs.kafka, targetUrls.kafka, tableMappings, mark('kafka'))),
    };
    await followers.embedded.start();
    await followers.kafka.start();
    const second = await connect(sourceUrl, { applicationName: 'test' });
    let next = 0;
    const barrier = async (): Promise<void> => {
      next += 1;
      await source.client.query('INSERT INTO barriers VALUES ($1)', [next]);
      await until(`both streams give out barrier ${next}`, () => {
        const failure = followers.embedded.failure ?? followers.kafka.failure;
        if (failure !== undefined) throw failure;
        return barriers.embedded >= next && barriers.kafka >= next;
      });
    };
    try {
      await runWorkload({ client: source.client, second, seed, barrier, bigRows });
    } finally {
      await second.end();
    }
  });
  afterAll(async () => {
    for (const resource of opened.toReversed()) await resource[Symbol.asyncDispose]();
  });

  const transactionsOf = (leg: 'embedded' | 'kafka'): readonly Transaction[] =>
    followers[leg].transactions;

  test('the same transactions come in the same order, each with the same number of changes', () => {
    const list = (leg: 'embedded' | 'kafka'): unknown[] =>
      transactionsOf(leg).map(({ xid, events }) => [xid, events.length]);
    expect(transactionsOf('embedded').length).toBeGreaterThan(200);
    expect(list('kafka')).toEqual(list('embedded'));
  });

  test('every envelope is equal: operation, old and new row, table, transaction, place in it, commit time', () => {
    // Where a row gets another key, its large arrays are read again at the source, whatever became of them.
    let readAgain = 0;
    const embedded = transactionsOf('embedded');
    const kafka = transactionsOf('kafka').map(comparable);
    const expected = embedded.map(comparable).map((transaction, index) => ({
      ...transaction,
      events: transaction.events.map((event, place) => {
        if (event.op !== 'u' || event.before === null || event.table !== 'docs') return event;
        const brought = ['tags', 'ids'].filter((name) => event.after?.[name] === undefined);
        readAgain += brought.length;
        const found = kafka[index]?.events[place]?.after;
        return {
          ...event,
          after: {
            ...event.after,
            ...Object.fromEntries(brought.map((name) => [name, found?.[name]])),
          },
        };
      }),
    }));
    // Texts are compared first: the matcher takes its time over 50,000 rows.
    const text = (transaction: unknown): string =>
      JSON.stringify(transaction, (_, value: unknown) =>
        typeof value === 'bigint' ? String(value) : value,
      );
    for (const [index, transaction] of kafka.entries()) {
      if (text(transaction) !== text(expected[index])) expect(transaction).toEqual(expected[index]);
    }
    expect(readAgain).toBeGreaterThan(0);
    const kinds = new Set(
      embedded.flatMap(({ events }) => events.map(({ op, source: { table } }) => `${op} ${table}`)),
    );
    for (const kind of [
      't lines',
      't keyless',
      't Order Items',
      'd indexed',
      'u indexed',
      'u keyless',
      'd whole',
      'c every_type',
      'c Order Items',
      'u parted',
    ])
      expect(kinds).toContain(kind);
    expect(Math.max(...embedded.map(({ events }) => events.length))).toBeGreaterThan(bigRows);
  });

  test('the big transaction kept the order of its changes and positions count through', () => {
    const big = transactionsOf('kafka').find(({ events }) => events.length > bigRows)!;
    expect(big.events.every((event, index) => event.position.index === index)).toBe(true);
  });

  test.each(['embedded', 'kafka'] as const)(
    'the target that was written from %s is verified against the source without a difference',
    async (leg) => {
      const { mapping, appliedPosition } = followers[leg];
      const result = await verify({
        mapping,
        monolithUrl: sourceUrl,
        serviceUrl: targetUrls[leg],
        direction: 'forward',
        appliedPosition,
        catchUpMs: 60_000,
      });
      expect(
        result.tables.flatMap(({ table, differing }) =>
          differing.map((row) => ({ table, ...row })),
        ),
      ).toEqual([]);
      expect(result).toMatchObject({ differences: 0, unsettled: 0 });
      expect(result.rowsCompared).toBeGreaterThan(10_000);
      const { rows } = await followers[leg].target.query(
        'SELECT count(*)::int AS count FROM strangler.dead_letters',
      );
      expect(rows[0].count).toBe('0');
    },
  );
});
