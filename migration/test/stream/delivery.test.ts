import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { codeOf } from '@strangler-toolkit/plan';
import { connect } from '../../src/database/connect.ts';
import { currentLsn } from '../../src/database/current-lsn.ts';
import type { Lsn } from '../../src/stream/change-event.ts';
import {
  createSlot,
  dropPublication,
  dropSlot,
  openEmbeddedStream,
  slotStatus,
} from '../../src/stream/index.ts';
import { readTransactions, type TestSource, testSource } from './source.ts';

const ddl = 'CREATE TABLE items (id bigint PRIMARY KEY, name text)';
let source: TestSource;
const begin = async (label: string): Promise<TestSource> => {
  source = await testSource(label, ddl, ['items']);
  return source;
};
afterEach(async () => {
  await source.close();
});
const kill = async (): Promise<void> => {
  await until('the walsender is gone', async () => {
    const status = await slotStatus(source.client, source.slot);
    if (!status?.active) return true;
    await source.client.query('SELECT pg_terminate_backend($1)', [status.activePid]);
    return false;
  });
};

describe('delivery', () => {
  test('nothing is acknowledged before acknowledge(): a stream opened anew gives the same changes again', async () => {
    await begin('stream_ack');
    await source.client.query('INSERT INTO items VALUES (1)');
    const first = await source.open();
    const [transaction] = await readTransactions(first[Symbol.asyncIterator](), 1);
    first.probe();
    await first.close();
    expect((await slotStatus(source.client, source.slot))?.confirmed).toBe(source.position);
    const second = await source.open();
    const [again] = await readTransactions(second[Symbol.asyncIterator](), 1);
    expect(again).toEqual(transaction);
    second.acknowledge(again!.endLsn);
    await until(
      'the slot moved',
      async () => (await slotStatus(source.client, source.slot))?.confirmed === again!.endLsn,
    );
    await second.close();
    await source.client.query('INSERT INTO items VALUES (2)');
    const third = await source.open({ from: again!.endLsn });
    const [next] = await readTransactions(third[Symbol.asyncIterator](), 1);
    expect(next!.events.map((event) => event.after?.id)).toEqual(['2']);
  });

  test('a transaction whose commit begins where the one before ended comes after a restart between the two', async () => {
    await begin('stream_edge');
    const other = await connect(source.database.url, { applicationName: 'test' });
    try {
      const stream = await source.open();
      const transactions = stream[Symbol.asyncIterator]();
      let id = 0;
      // whatever the server writes in between, now and then, parts them
      const [first, second] = await until('two commits without a gap', async () => {
        for (const client of [source.client, other])
          await client.query(`BEGIN; INSERT INTO items VALUES (${++id})`);
        for (const client of [source.client, other]) await client.query('COMMIT');
        const pair = await readTransactions(transactions, 2);
        return pair[1]?.commitLsn === pair[0]?.endLsn && pair;
      });
      await stream.close();
      const again = await source.open({ from: first!.endLsn });
      const [next] = await readTransactions(again[Symbol.asyncIterator](), 1);
      expect(next).toEqual(second);
    } finally {
      await other.end();
    }
  });

  test('an idle source answers a probe with a position at or past everything committed', async () => {
    await begin('stream_idle');
    const stream = await source.open();
    await source.client.query(
      'CREATE TABLE elsewhere (id int); INSERT INTO elsewhere SELECT generate_series(1, 1000)',
    );
    const wanted = await currentLsn(source.client);
    const asking = setInterval(() => stream.probe(), 50);
    try {
      for await (const message of stream)
        if (message.kind === 'idle' && message.lsn >= wanted) break;
    } finally {
      clearInterval(asking);
    }
    expect((await slotStatus(source.client, source.slot))?.confirmed).toBe(source.position);
  });

  test('a transaction of 200,000 rows passes through bounded memory, and a consumer slower than wal_sender_timeout loses nothing', async () => {
    await begin('stream_big');
    const stream = await source.open({ highWaterBytes: 500_000 });
    const rows = 200_000;
    await source.client.query(
      `INSERT INTO items SELECT g, repeat('y', 500) FROM generate_series(1, ${rows}) g`,
    );
    let seen = 0;
    let largest = 0;
    let paused = false;
    // What is still held after a collection, not what the collector has not come to: that depends on the machine's load.
    setFlagsFromString('--expose-gc');
    const collect: unknown = runInNewContext('gc');
    const held = (): number => {
      if (typeof collect === 'function') collect();
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external;
    };
    const before = held();
    let peak = before;
    for await (const message of stream) {
      if (message.kind === 'commit') break;
      if (message.kind !== 'changes') continue;
      for (const event of message.events) {
        seen += 1;
        if (event.after?.id !== String(seen)) throw new Error(`row ${seen} is ${event.after?.id}`);
      }
      largest = Math.max(largest, message.events.length);
      if (seen % 20_000 < message.events.length) peak = Math.max(peak, held());
      if (!paused && seen > 10_000) {
        paused = true;
        // The server of the tests gives up readers that are silent for 10 s; waiting is the thing under test.
        await new Promise((resolve) => setTimeout(resolve, 12_000));
      }
    }
    expect(seen).toBe(rows);
    expect(largest).toBeLessThanOrEqual(1000);
    // The rows weigh 100 MB on the wire alone.
    expect((peak - before) / 1e6).toBeLessThan(40);
  });

  test('after the walsender is killed in the middle, every committed change is seen in order, none is skipped', async () => {
    await begin('stream_kill');
    const total = 3000;
    const writer = (async () => {
      const client = await connect(source.database.url, { applicationName: 'writer' });
      for (let id = 1; id <= total; id += 1)
        await client.query('INSERT INTO items VALUES ($1)', [id]);
      await client.end();
    })();
    const ids: number[] = [];
    let position: Lsn = source.position;
    const broken: string[] = [];
    while (ids.length < total) {
      const stream = await source.open({ from: position });
      let batch: number[] = [];
      const until = ids.length + 700;
      try {
        for await (const message of stream) {
          if (message.kind === 'begin') batch = [];
          if (message.kind === 'changes')
            batch.push(...message.events.map((event) => Number(event.after?.id)));
          if (message.kind !== 'commit') continue;
          expect(message.commitLsn).toBeGreaterThanOrEqual(position);
          ids.push(...batch);
          position = message.endLsn;
          stream.acknowledge(position);
          if (ids.length === total) break;
          if (ids.length === until) await kill();
        }
      } catch (error) {
        broken.push(codeOf(error));
      }
      await stream.close();
    }
    await writer;
    expect(ids).toEqual(Array.from({ length: total }, (_, index) => index + 1));
    expect(broken.length).toBeGreaterThanOrEqual(3);
    expect(new Set(broken)).toEqual(new Set(['DB_UNREACHABLE']));
  });

  test('a reader that is aborted ends quietly and frees its slot', async () => {
    await begin('stream_abort');
    const controller = new AbortController();
    const stream = await source.open({ signal: controller.signal });
    const reading = (async () => {
      for await (const message of stream) expect(message.kind).toBe('idle');
      return 'ended';
    })();
    controller.abort();
    expect(await reading).toBe('ended');
    await until(
      'the slot is free',
      async () => !(await slotStatus(source.client, source.slot))?.active,
    );
  });
});

describe('streams that would have a hole do not begin', () => {
  const open = (from: Lsn): Promise<unknown> =>
    openEmbeddedStream({
      url: source.database.url,
      context: 'shop',
      direction: 'forward',
      from,
      busyTimeoutMs: 300,
    });

  test('a slot that is gone is SLOT_LOST', async () => {
    await begin('stream_gone');
    await dropSlot(source.client, source.slot);
    await expect(open(source.position)).rejects.toMatchObject({ code: 'SLOT_LOST' });
    expect(await dropSlot(source.client, source.slot)).toBe('absent');
  });

  test('a slot made anew behind our back is past the wanted position: POSITION_GAP', async () => {
    await begin('stream_gap');
    await dropSlot(source.client, source.slot);
    await source.client.query('INSERT INTO items VALUES (1)');
    await createSlot(source.client, source.slot);
    await expect(open(source.position)).rejects.toMatchObject({ code: 'POSITION_GAP' });
  });

  test('a position after the end of the log is POSITION_GAP', async () => {
    await begin('stream_future');
    await expect(open((await currentLsn(source.client)) + (1n << 40n))).rejects.toMatchObject({
      code: 'POSITION_GAP',
    });
  });

  test('a publication that is gone is SLOT_LOST, although the server would begin, and skip what it published', async () => {
    await begin('stream_pub');
    const stream = await source.open();
    await stream.close();
    await dropPublication(source.client, source.publication);
    await expect(open(source.position)).rejects.toMatchObject({
      code: 'SLOT_LOST',
      message: expect.stringContaining(source.publication),
    });
  });

  test('a slot that another process reads is SLOT_BUSY; once it is free, waiting readers get it', async () => {
    await begin('stream_busy');
    const holder = await source.open();
    await expect(open(source.position)).rejects.toMatchObject({ code: 'SLOT_BUSY' });
    const waiting = source.open({ busyTimeoutMs: 10_000 });
    await holder.close();
    await expect(waiting).resolves.toBeDefined();
  });

  test('a slot of another plugin is not ours', async () => {
    await begin('stream_other');
    await dropSlot(source.client, source.slot);
    await source.client.query(
      `SELECT pg_create_logical_replication_slot('${source.slot}', 'test_decoding')`,
    );
    await expect(open(source.position)).rejects.toMatchObject({
      code: 'SLOT_LOST',
      message: expect.stringContaining('test_decoding'),
    });
  });
});
